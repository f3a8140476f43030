"""Versions as members of collections of links, in registries too."""

from collections.abc import Mapping
from typing import Any

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.records.artifacts import collections as col
from wandb_local.records.artifacts.lists import type_of
from wandb_local.records.artifacts.queries import types_of
from wandb_local.records.projects import make_project
from wandb_local.store.database import Row


def link(context: Context, artifact: Row, given: Mapping[str, Any]) -> Row:
    """Make a version a member of a collection of links; answers its place there.

    Raises:
        ClientError: the collection holds logged versions, or is of a registry that does not take the version's type.
    """
    if artifact["state"] != "COMMITTED":
        raise ClientError("an artifact version can be linked once it is committed")
    type_name = type_of(context.db, artifact["collection_id"])["name"]
    with context.db.write() as connection:
        project = make_project(context, given.get("entityName"), given.get("projectName"))
        _check_type(context, project, type_name)
        name = given.get("artifactPortfolioName")
        collection = col.make_collection(context, project["id"], type_name, name, portfolio=True)
        place = col.add_member(connection, collection["id"], artifact["id"])
        wanted = [alias.get("alias") for alias in inputs.objects(given, "aliases")]
        col.set_aliases(connection, collection["id"], place["id"], wanted)
    return place


def _check_type(context: Context, project: Row, type_name: str) -> None:
    taken = [row["name"] for row in types_of(project["id"]).rows(context.db)]
    if not project["all_types"] and type_name not in taken:
        raise ClientError(f"{project['name']} takes artifacts of the types {taken}, not {type_name!r}")


def unlink(context: Context, artifact_id: int, collection_id: int) -> None:
    """Take a version out of a collection of links."""
    with context.db.write() as connection:
        connection.execute(
            "DELETE FROM memberships WHERE artifact_id = ? AND collection_id = ?", (artifact_id, collection_id)
        )
        col.restore_latest(connection, collection_id)
