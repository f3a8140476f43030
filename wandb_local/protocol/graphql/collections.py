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
from wandb_local.protocol.graphql.common import column, connection, constant, identity, moment, page_bounds, pages
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.records.artifacts import collections as col
from wandb_local.records.filters import order_by, where
from wandb_local.records.searchable import ARTIFACTS, COLLECTIONS
from wandb_local.store.database import Row


def _collection_tags(context: Context, row: Row, _: Arguments) -> dict[str, Any]:
    return {"edges": [{"node": tag} for tag in tags_of(context, "collection", row["id"])]}


def _latest(context: Context, row: Row, _: Arguments) -> Node | None:
    sql = "SELECT artifact_id FROM memberships WHERE collection_id = ? ORDER BY version DESC LIMIT 1"
    return artifact_node(context, context.db.value(sql, (row["id"],)))


def _versions(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    condition, parameters = where(ARTIFACTS, inputs.text(arguments, "filters"))
    order, order_parameters = order_by(ARTIFACTS, inputs.text(arguments, "order"), "-versionIndex")
    source = "FROM memberships JOIN artifacts ON artifacts.id = artifact_id"
    source += f" WHERE memberships.collection_id = ? AND ({condition})"
    offset, size = page_bounds(arguments)
    rows = context.db.rows(
        f"SELECT artifacts.*, memberships.version AS place {source} ORDER BY {order} LIMIT ? OFFSET ?",
        [row["id"], *parameters, *order_parameters, size + 1, offset],
    )
    total = context.db.value(f"SELECT count(*) {source}", [row["id"], *parameters])
    edges = [{"version": f"v{found['place']}", "node": Node("Artifact", found)} for found in rows]
    return connection(edges, arguments, total)


def _place(context: Context, row: Row, arguments: Arguments) -> Node | None:
    return membership_node(col.find_membership(context, row["id"], str(arguments.get("aliasName"))))


def _collections(context: Context, condition: str, record_id: int, arguments: Arguments) -> dict[str, Any]:
    test, parameters = where(COLLECTIONS, inputs.text(arguments, "filters"))
    order, order_parameters = order_by(COLLECTIONS, inputs.text(arguments, "order"), "+name")
    sql = f"SELECT * FROM collections WHERE {condition} = ? AND ({test}) ORDER BY {order}"
    return pages(context, collection_kind, sql, [record_id, *parameters, *order_parameters], arguments)


def _collection_project(context: Context, row: Row, _: Arguments) -> Node:
    return Node("Project", context.db.row("SELECT * FROM projects WHERE id = ?", (row["project_id"],)))


def _artifact_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    place = col.find_member(context, row["id"], arguments.get("name"))
    return None if place is None else artifact_node(context, place["artifact_id"])


def _collection_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    found = col.find_collection(context, row["id"], arguments.get("name"))
    return None if found is None else Node(collection_kind(found), found)


def _type_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    sql = "SELECT * FROM artifact_types WHERE project_id = ? AND name = ?"
    found = context.db.row(sql, (row["id"], str(arguments.get("name"))))
    return None if found is None else Node("ArtifactType", found)


def _types(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    sql = "SELECT * FROM artifact_types WHERE project_id = ? ORDER BY name"
    return pages(context, "ArtifactType", sql, (row["id"],), arguments)


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
    "aliases": lambda c, row, arguments: pages(
        c, "ArtifactAlias", "SELECT * FROM aliases WHERE collection_id = ? ORDER BY id", (row["id"],), arguments
    ),
    "artifacts": _versions,
    "artifactMembership": _place,
}

ARTIFACT_TYPE: Fields = {
    "id": identity("ArtifactType"),
    "name": column("name"),
    "description": column("description"),
    "createdAt": moment("created_at"),
    "artifactCollection": _typed_collection,
    "artifactCollections": lambda c, row, arguments: _collections(c, "type_id", row["id"], arguments),
}

PROJECT_ARTIFACTS: Fields = {
    "artifact": _artifact_by_name,
    "artifactCollection": _collection_by_name,
    "artifactCollections": lambda c, row, arguments: _collections(c, "project_id", row["id"], arguments),
    "artifactCollectionMembership": lambda c, row, a: membership_node(col.find_member(c, row["id"], a.get("name"))),
    "artifactType": _type_by_name,
    "artifactTypes": _types,
}
