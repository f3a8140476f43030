"""Entities, the one organization that all of them belong to, and its registries: projects of collections of links."""

from typing import Any, NamedTuple

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.names import DEFAULT_ENTITY, checked_name, from_id, to_id
from wandb_local.protocol.graphql.artifact_nodes import collection_kind
from wandb_local.protocol.graphql.common import connection, constant, page_bounds, pages
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.protocol.graphql.refused import NONE
from wandb_local.records.artifacts.collections import REGISTRY_PREFIX, make_type
from wandb_local.records.filters import order_by, where
from wandb_local.records.projects import find_project, make_project, need_project
from wandb_local.records.searchable import ARTIFACTS, COLLECTIONS, PROJECTS
from wandb_local.store.database import Row

USER = {"name": "local", "username": "local", "email": "local@localhost"}
ORGANIZATION = "local"
_REGISTRIES = f"SELECT id FROM projects WHERE entity = '{DEFAULT_ENTITY}' AND name GLOB '{REGISTRY_PREFIX}?*'"
_PROJECTS = "SELECT id FROM projects WHERE entity = ?"
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
    """An entity, which its name alone makes; or the part of the organization that its registries belong to."""

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
    """All projects of an entity; those of the organization are the registries."""
    test, parameters = where(PROJECTS, inputs.text(arguments, "filters"))
    order, more = order_by(PROJECTS, inputs.text(arguments, "order"), "+name")
    known, owner = (_REGISTRIES, []) if entity.kind == "organization" else (_PROJECTS, [entity.name])
    sql = f"SELECT * FROM projects WHERE id IN ({known} AND ({test})) ORDER BY {order}, id"
    return pages(context, "Project", sql, [*owner, *parameters, *more], arguments)


def _narrowed(arguments: Arguments) -> tuple[str, list[Any]]:
    """The collections of registries that pass the filters of both."""
    registries, first = where(PROJECTS, inputs.text(arguments, "projectFilters"))
    test, second = where(COLLECTIONS, inputs.text(arguments, "collectionFilters"))
    return f"collections.project_id IN ({_REGISTRIES} AND ({registries})) AND portfolio AND ({test})", [*first, *second]


def _collections(context: Context, _: Entity, arguments: Arguments) -> dict[str, Any]:
    base, parameters = _narrowed({**arguments, "collectionFilters": arguments.get("filters")})
    order, more = order_by(COLLECTIONS, inputs.text(arguments, "order"), "+name")
    sql = f"SELECT * FROM collections WHERE {base} ORDER BY {order}, id"
    return pages(context, collection_kind, sql, [*parameters, *more], arguments)


def _versions(context: Context, _: Entity, arguments: Arguments) -> dict[str, Any]:
    base, parameters = _narrowed(arguments)
    test, more = where(ARTIFACTS, inputs.text(arguments, "filters"))
    order, last = order_by(ARTIFACTS, inputs.text(arguments, "order"), "-linked_at")
    offset, size = page_bounds(arguments)
    rows = context.db.rows(
        "SELECT memberships.* FROM memberships JOIN artifacts ON artifacts.id = artifact_id"
        f" WHERE memberships.collection_id IN (SELECT id FROM collections WHERE {base}) AND ({test})"
        f" ORDER BY {order}, memberships.id DESC LIMIT ? OFFSET ?",
        [*parameters, *more, *last, size + 1, offset],
    )
    return connection([{"node": Node("ArtifactCollectionMembership", row)} for row in rows], arguments, None)


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
        for column, value in changes.items():
            db.execute(f"UPDATE projects SET {column} = ? WHERE id = ?", (value, project["id"]))
    return {**_answer(context, project["id"]), "inserted": known is None}


def _answer(context: Context, project_id: int) -> dict[str, Any]:
    node = Node("Project", context.db.row("SELECT * FROM projects WHERE id = ?", (project_id,)))
    return {"project": node, "model": node, "inserted": False}


def _rename(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    entity, name = given.get("entityName"), checked_name("project", given.get("newProjectName"))
    with context.db.write() as db:
        project: Row = need_project(context, entity, given.get("oldProjectName"))
        other = find_project(context, {"entityName": entity, "name": name})
        if other is not None and other["id"] != project["id"]:
            raise ClientError(f"there is a project {name!r} already; give another name")
        db.execute("UPDATE projects SET name = ? WHERE id = ?", (name, project["id"]))
    return _answer(context, project["id"])


def _delete_model(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    with context.db.write() as db:
        deleted = db.execute("DELETE FROM projects WHERE id = ?", (from_id("Project", arguments["input"].get("id")),))
    return {"success": deleted.rowcount > 0}


PROJECT_MUTATIONS: Fields = {"upsertModel": _upsert_model, "renameProject": _rename, "deleteModel": _delete_model}
