"""Fields of artifact collections and types, and how a project finds them."""

from typing import Any

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.protocol.graphql.artifact_nodes import (
    artifact_node,
    collection_kind,
    membership_node,
    tags_of,
    type_of,
)
from wandb_local.protocol.graphql.common import column, constant, identity, moment, pages
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.records.artifacts import collections as col
from wandb_local.records.artifacts import lists, queries
from wandb_local.records.projects import project_by_id
from wandb_local.store.database import Row


def _collection_tags(context: Context, row: Row, _: Arguments) -> dict[str, Any]:
    return {"edges": [{"node": tag} for tag in tags_of(context, "collection", row["id"])]}


def _latest(context: Context, row: Row, _: Arguments) -> Node | None:
    return artifact_node(context, lists.newest_in(context.db, row["id"]))


def _versions(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    found = queries.versions_in(row["id"], *_asked(arguments))
    page = pages(context, "Artifact", found, arguments)
    edges = [{"version": f"v{edge['node'].record['place']}", **edge} for edge in page["edges"]]
    return {**page, "edges": edges}


def _place(context: Context, row: Row, arguments: Arguments) -> Node | None:
    return membership_node(col.find_membership(context, row["id"], str(arguments.get("aliasName"))))


def _asked(arguments: Arguments) -> tuple[str | None, str | None]:
    return inputs.text(arguments, "filters"), inputs.text(arguments, "order")


def _collections_of_project(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    found = queries.collections_of_project(row["id"], *_asked(arguments))
    return pages(context, collection_kind, found, arguments)


def _collections_of_type(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    found = queries.collections_of_type(row["id"], *_asked(arguments))
    return pages(context, collection_kind, found, arguments)


def _collection_project(context: Context, row: Row, _: Arguments) -> Node:
    return Node("Project", project_by_id(context.db, row["project_id"]))


def _artifact_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    place = col.find_member(context, row["id"], arguments.get("name"))
    return None if place is None else artifact_node(context, place["artifact_id"])


def _collection_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    found = col.find_collection(context, row["id"], arguments.get("name"))
    return None if found is None else Node(collection_kind(found), found)


def _type_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    found = lists.find_type(context.db, row["id"], arguments.get("name"))
    return None if found is None else Node("ArtifactType", found)


def _types(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    return pages(context, "ArtifactType", queries.types_of(row["id"]), arguments)


def _typed_collection(context: Context, row: Row, arguments: Arguments) -> Node | None:
    found = col.find_collection(context, row["project_id"], arguments.get("name"))
    return Node(collection_kind(found), found) if found is not None and found["type_id"] == row["id"] else None


COLLECTION: Fields = {
    "id": identity("ArtifactCollection"),
    "name": column("name"),
    "description": column("description"),
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "state": constant("READY"),
    "project": _collection_project,
    "defaultArtifactType": lambda c, row, _a: type_of(c, row["id"]),
    "tags": _collection_tags,
    "latestArtifact": _latest,
    "digestAlgorithm": constant("MANIFEST_MD5"),
    "aliases": lambda c, row, arguments: pages(c, "ArtifactAlias", queries.aliases_in(row["id"]), arguments),
    "artifacts": _versions,
    "artifactMembership": _place,
}

ARTIFACT_TYPE: Fields = {
    "id": identity("ArtifactType"),
    "name": column("name"),
    "description": column("description"),
    "createdAt": moment("created_at"),
    "artifactCollection": _typed_collection,
    "artifactCollections": _collections_of_type,
}

PROJECT_ARTIFACTS: Fields = {
    "artifact": _artifact_by_name,
    "artifactCollection": _collection_by_name,
    "artifactCollections": _collections_of_project,
    "artifactCollectionMembership": lambda c, row, a: membership_node(col.find_member(c, row["id"], a.get("name"))),
    "artifactType": _type_by_name,
    "artifactTypes": _types,
}
