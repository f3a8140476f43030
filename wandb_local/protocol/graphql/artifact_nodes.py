"""Nodes of artifact versions, collections, their places and tags."""

from collections.abc import Iterable
from typing import Any

from wandb_local.context import Context
from wandb_local.names import to_id
from wandb_local.protocol.graphql.executor import Node
from wandb_local.records.artifacts import lists
from wandb_local.records.artifacts.collections import collection_by_id
from wandb_local.records.artifacts.versions import find_artifact
from wandb_local.store.database import Row


def artifact_node(context: Context, artifact_id: int | None) -> Node | None:
    """The node of a version, or None."""
    row = find_artifact(context, artifact_id)
    return None if row is None else Node("Artifact", row)


def collection_node(context: Context, collection_id: int) -> Node | None:
    """The node of a collection, or None."""
    row = collection_by_id(context.db, collection_id)
    return None if row is None else Node(collection_kind(row), row)


def collection_kind(row: Row) -> str:
    """Versions are logged to a sequence and linked to a portfolio."""
    return "ArtifactPortfolio" if row["portfolio"] else "ArtifactSequence"


def membership_node(row: Row | None) -> Node | None:
    """The node of a version's place in a collection, or None."""
    return None if row is None else Node("ArtifactCollectionMembership", row)


def type_of(context: Context, collection_id: int) -> Node:
    """The node of a collection's type."""
    return Node("ArtifactType", lists.type_of(context.db, collection_id))


def tags_of(context: Context, what: str, record_id: int) -> list[dict[str, Any]]:
    """The tags of an ``artifact`` or a ``collection``."""
    rows = lists.tags_of(context.db, what, record_id)
    return [{"__typename": "Tag", "id": to_id("Tag", row["id"]), "name": row["name"]} for row in rows]


def alias_nodes(rows: Iterable[Row]) -> list[Node]:
    """The nodes of aliases."""
    return [Node("ArtifactAlias", row) for row in rows]
