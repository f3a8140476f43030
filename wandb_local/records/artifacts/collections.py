"""Collections of artifact versions, and the aliases that name a version in one."""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import ClientError, NotFoundError
from wandb_local.names import checked_name, from_id
from wandb_local.records.artifacts.lists import type_of
from wandb_local.records.projects import need_project
from wandb_local.store.database import Database, Row

_VERSION = re.compile(r"v(\d{1,9})")
REGISTRY_PREFIX = "wandb-registry-"


def make_type(connection: sqlite3.Connection, project_id: int, name: object) -> int:
    """The record number of an artifact type, made on first use."""
    sql = "SELECT id FROM artifact_types WHERE project_id = ? AND name = ?"
    found = connection.execute(sql, (project_id, name)).fetchone() if isinstance(name, str) else None
    if found is not None:
        return int(found["id"])
    values = (project_id, checked_name("artifact type", name), now())
    made = connection.execute("INSERT INTO artifact_types (project_id, name, created_at) VALUES (?, ?, ?)", values)
    return int(made.lastrowid or 0)


def make_collection(
    context: Context, project_id: int, type_name: object, name: object, *, portfolio: bool, client_id: object = None
) -> Row:
    """The collection of that name, made on first use; call it in a transaction.

    Raises:
        ClientError: it exists with another type, or is for links where versions are logged (or the other way round).
    """
    if not isinstance(name, str) or find_collection(context, project_id, name) is None:
        name = checked_name("artifact", name)
    with context.db.write() as connection:
        type_id = make_type(connection, project_id, type_name)
        moment = now()
        connection.execute(
            "INSERT OR IGNORE INTO collections"
            " (project_id, type_id, name, portfolio, client_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (project_id, type_id, name, portfolio, None if client_id is None else str(client_id), moment, moment),
        )
    row = find_collection(context, project_id, name)
    assert row is not None
    if row["type_id"] != type_id:
        known = type_of(context.db, row["id"])["name"]
        raise ClientError(f"artifact {name!r} has the type {known!r}; it cannot also have the type {type_name!r}")
    if bool(row["portfolio"]) != portfolio:
        kind = "links" if row["portfolio"] else "logged versions"
        raise ClientError(f"{name!r} is already a collection of {kind}; give another name")
    return row


def find_collection(context: Context, project_id: int, name: object) -> Row | None:
    """The collection of that name in a project, or None."""
    return context.db.row("SELECT * FROM collections WHERE project_id = ? AND name = ?", (project_id, str(name)))


def need_collection(context: Context, given: Mapping[str, Any]) -> Row:
    """The collection that ``entityName``, ``projectName`` and ``artifactCollectionName`` mean.

    Raises:
        NotFoundError: it does not exist.
    """
    project = need_project(context, given.get("entityName"), given.get("projectName"))
    row = find_collection(context, project["id"], given.get("artifactCollectionName"))
    if row is None:
        raise NotFoundError(f"artifact collection {given.get('artifactCollectionName')!r} does not exist")
    return row


def collection_by_id(db: Database, collection_id: int | None) -> Row | None:
    """The collection of a record number, or None."""
    return db.row("SELECT * FROM collections WHERE id = ?", (collection_id,))


def need_collection_by_id(context: Context, collection_id: object) -> Row:
    """The collection of an opaque id.

    Raises:
        NotFoundError: it does not exist.
    """
    row = collection_by_id(context.db, from_id("ArtifactCollection", collection_id))
    if row is None:
        raise NotFoundError(f"artifact collection {collection_id!r} does not exist")
    return row


def find_membership(context: Context, collection_id: int, alias: str) -> Row | None:
    """The place of a version in a collection, by alias (``latest``) or version (``v3``); or None."""
    version = _VERSION.fullmatch(alias)
    if version:
        sql, value = "SELECT * FROM memberships WHERE collection_id = ? AND version = ?", int(version[1])
        return context.db.row(sql, (collection_id, value))
    return context.db.row(
        "SELECT memberships.* FROM aliases JOIN memberships ON memberships.id = membership_id"
        " WHERE aliases.collection_id = ? AND alias = ?",
        (collection_id, alias),
    )


def find_member(context: Context, project_id: int, name: object) -> Row | None:
    """The place that ``collection:alias`` means (without an alias: ``latest``), or None."""
    collection_name, _, alias = str(name).partition(":")
    collection = find_collection(context, project_id, collection_name)
    return None if collection is None else find_membership(context, collection["id"], alias or "latest")


def find_place(db: Database, collection_id: int, artifact_id: int) -> Row | None:
    """The place of a version in a collection, by record numbers; or None."""
    return db.row("SELECT * FROM memberships WHERE collection_id = ? AND artifact_id = ?", (collection_id, artifact_id))


def find_client_member(context: Context, client_id: str, alias: str) -> Row | None:
    """The place to which an alias points in the collection with this client id, or None."""
    return context.db.row(
        "SELECT memberships.* FROM aliases JOIN memberships ON memberships.id = membership_id"
        " JOIN collections ON collections.id = aliases.collection_id WHERE client_id = ? AND alias = ?",
        (client_id, alias),
    )


def set_aliases(
    connection: sqlite3.Connection, collection_id: int, membership_id: int, aliases: Iterable[object]
) -> None:
    """Point aliases at a version; one that pointed elsewhere in the collection moves.

    Raises:
        ClientError: an alias that cannot be used.
    """
    for alias in aliases:
        text = checked_name("alias", alias)
        if _VERSION.fullmatch(text):
            raise ClientError(
                f"alias {text!r} is not allowed, because names such as v0 are reserved for versions; give another alias"
            )
        connection.execute(
            "INSERT INTO aliases (collection_id, membership_id, alias) VALUES (?, ?, ?)"
            " ON CONFLICT (collection_id, alias) DO UPDATE SET membership_id = excluded.membership_id",
            (collection_id, membership_id, text),
        )


def add_member(connection: sqlite3.Connection, collection_id: int, artifact_id: int) -> Row:
    """Give a version the collection's next number and the alias ``latest``; a member keeps the number that it has."""
    moment = now()
    sql = "SELECT * FROM memberships WHERE collection_id = ? AND artifact_id = ?"
    known = connection.execute(sql, (collection_id, artifact_id)).fetchone()
    if known is None:
        connection.execute(
            "INSERT INTO memberships (collection_id, artifact_id, version, created_at)"
            " SELECT id, ?, next_version, ? FROM collections WHERE id = ?",
            (artifact_id, moment, collection_id),
        )
        connection.execute(
            "UPDATE collections SET next_version = next_version + 1, updated_at = ? WHERE id = ?",
            (moment, collection_id),
        )
        known = connection.execute(sql, (collection_id, artifact_id)).fetchone()
    set_aliases(connection, collection_id, known["id"], ["latest"])
    row: Row = known
    return row


def restore_latest(connection: sqlite3.Connection, collection_id: int) -> None:
    """After a version was deleted, move ``latest`` to the highest remaining version."""
    if connection.execute(
        "SELECT 1 FROM aliases WHERE collection_id = ? AND alias = 'latest'", (collection_id,)
    ).fetchone():
        return
    left = connection.execute(
        "SELECT id FROM memberships WHERE collection_id = ? ORDER BY version DESC LIMIT 1", (collection_id,)
    ).fetchone()
    if left is not None:
        set_aliases(connection, collection_id, left["id"], ["latest"])
