"""Entities, the one organization that all of them belong to, and its registries: projects of collections of links."""

from typing import Any, NamedTuple

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.names import DEFAULT_ENTITY, checked_name, from_id, to_id
from wandb_local.protocol.graphql.artifact_nodes import collection_kind
from wandb_local.protocol.graphql.common import constant, pages
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.protocol.graphql.refused import NONE
from wandb_local.records import projects, registries
from wandb_local.records.artifacts.collections import make_type
from wandb_local.records.projects import find_project, make_project, need_project
from wandb_local.store.database import Row

USER = {"name": "local", "username": "local", "email": "local@localhost"}
ORGANIZATION = "local"
_VISIBILITIES = ("PRIVATE", "RESTRICTED")
_MEMBER = {
    "__typename": "Member",
    "id": to_id("User", 1),
    **USER,
    "admin": True,
    "role": "admin",
    "pending": False,
    "photoUrl": None,
    "accountType": "MEMBER",
    "apiKey": None,
}


class Entity(NamedTuple):
    """An entity, which exists by its name only; or the part of the organization that has the registries."""

    name: str
    kind: str = "team"


def entity_node(name: object) -> Node:
    """The node of an entity."""
    return Node("Entity", Entity(str(name or DEFAULT_ENTITY)))


def organization(_: Context, __: Any, arguments: Arguments) -> dict[str, Any] | None:
    """The organization, by its name; None by another one."""
    if arguments.get("name") not in (None, ORGANIZATION):
        return None
    return {
        "__typename": "Organization",
        "id": to_id("Organization", 1),
        "name": ORGANIZATION,
        "orgEntity": Node("Entity", Entity(DEFAULT_ENTITY, "organization")),
        "advancedRegistryFeatures": {"advancedSearch": True},
        "coreWeaveOrganizationId": None,
    }


def _project(context: Context, entity: Entity, arguments: Arguments) -> Node | None:
    row = find_project(context, {"entityName": entity.name, "name": arguments.get("name")})
    return None if row is None else Node("Project", row)


def _projects(context: Context, entity: Entity, arguments: Arguments) -> dict[str, Any]:
    """All projects of an entity; the projects of the organization are the registries."""
    asked = _texts(arguments, "filters", "order")
    found = (
        registries.registries(*asked) if entity.kind == "organization" else registries.projects_of(entity.name, *asked)
    )
    return pages(context, "Project", found, arguments)


def _texts(arguments: Arguments, *names: str) -> list[str | None]:
    return [inputs.text(arguments, name) for name in names]


def _collections(context: Context, _: Entity, arguments: Arguments) -> dict[str, Any]:
    found = registries.collections(*_texts(arguments, "projectFilters", "filters", "order"))
    return pages(context, collection_kind, found, arguments)


def _versions(context: Context, _: Entity, arguments: Arguments) -> dict[str, Any]:
    found = registries.places(*_texts(arguments, "projectFilters", "collectionFilters", "filters", "order"))
    return pages(context, "ArtifactCollectionMembership", found, arguments, counted=False)


ENTITY: Fields = {
    "id": constant(to_id("Entity", 1)),
    "name": lambda _c, entity, _a: entity.name,
    "organization": lambda c, _e, _a: organization(c, None, {}),
    "user": constant(None),
    "isTeam": constant(True),
    "entityType": lambda _c, entity, _a: entity.kind,
    "available": constant(False),
    "xxhashDigestsEnabled": constant(False),
    "members": constant([_MEMBER]),
    "photoUrl": constant(None),
    "readOnly": constant(False),
    "readOnlyAdmin": constant(False),
    "privateOnly": constant(True),
    "storageBytes": constant(0),
    "codeSavingEnabled": constant(True),
    "defaultAccess": constant("PRIVATE"),
    "isPaid": constant(False),
    "project": _project,
    "projects": _projects,
    "integrations": NONE,
    "artifactCollections": _collections,
    "artifactMemberships": _versions,
}

REGISTRY: Fields = {
    "access": lambda _c, row, _a: row["access"],
    "allowAllArtifactTypesInRegistry": lambda _c, row, _a: bool(row["all_types"]),
    "members": constant([{**_MEMBER, "__typename": "ProjectMember", "role": {"name": "admin"}}]),
    "teamMembers": constant([]),
}


def _upsert_model(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    changes: dict[str, Any] = {}
    if given.get("description") is not None:
        changes["description"] = str(given["description"])
    if given.get("access") in _VISIBILITIES:
        changes["access"] = given["access"]
    if given.get("allowAllArtifactTypesInRegistry") is not None:
        changes["all_types"] = bool(given["allowAllArtifactTypesInRegistry"])
    with context.db.write() as db:
        known = find_project(context, {"entityName": given.get("entityName"), "name": given.get("name")})
        project = make_project(context, given.get("entityName"), given.get("name"))
        for kind in inputs.objects(given, "artifactTypes"):
            make_type(db, project["id"], kind.get("name"))
        projects.change(db, project["id"], changes)
    return {**_answer(context, project["id"]), "inserted": known is None}


def _answer(context: Context, project_id: int) -> dict[str, Any]:
    node = Node("Project", projects.project_by_id(context.db, project_id))
    return {"project": node, "model": node, "inserted": False}


def _rename(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    entity, name = given.get("entityName"), checked_name("project", given.get("newProjectName"))
    with context.db.write() as db:
        project: Row = need_project(context, entity, given.get("oldProjectName"))
        other = find_project(context, {"entityName": entity, "name": name})
        if other is not None and other["id"] != project["id"]:
            raise ClientError(f"there is already a project {name!r}; give another name")
        projects.change(db, project["id"], {"name": name})
    return _answer(context, project["id"])


def _delete_model(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    with context.db.write() as db:
        deleted = projects.delete(db, from_id("Project", arguments["input"].get("id")))
    return {"success": deleted}


PROJECT_MUTATIONS: Fields = {"upsertModel": _upsert_model, "renameProject": _rename, "deleteModel": _delete_model}
