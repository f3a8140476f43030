"""One artifact version's life: begun, its files and manifest uploaded, committed with all of them or not at all."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from wandb_local import inputs, jsons
from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import ClientError, NotFoundError
from wandb_local.limits import TooLargeError
from wandb_local.names import from_id
from wandb_local.records.artifacts import collections as col
from wandb_local.records.artifacts import lifetime
from wandb_local.records.artifacts.changing import change_tags
from wandb_local.records.artifacts.merge import find_equal, is_whole, merge
from wandb_local.records.projects import find_run, make_project
from wandb_local.store.database import Database, Row


def need_artifact(context: Context, artifact_id: object) -> Row:
    """The version with an opaque id, or the earlier version that it was merged into.

    Raises:
        NotFoundError: it does not exist.
    """
    row = find_artifact(context, from_id("Artifact", artifact_id))
    if row is None:
        raise NotFoundError(f"artifact {artifact_id!r} does not exist")
    return row


def find_artifact(context: Context, artifact_id: int | None) -> Row | None:
    """The version with a record number, or the earlier version that it was merged into; None if there is none."""
    sql = "SELECT * FROM artifacts WHERE id = (SELECT coalesce(merged_into, id) FROM artifacts WHERE id = ?)"
    return context.db.row(sql, (artifact_id,))


def find_by_client(context: Context, client_id: object) -> Row | None:
    """The version with this client id, or None."""
    sql = "SELECT id FROM artifacts WHERE client_id = ? ORDER BY state, id DESC LIMIT 1"
    return find_artifact(context, context.db.value(sql, (str(client_id),)))


def last_change(db: Database, artifact_id: int) -> float | None:
    """When a version was changed last, or None if it does not exist."""
    moment: float | None = db.value("SELECT updated_at FROM artifacts WHERE id = ?", (artifact_id,))
    return moment


def begin(context: Context, given: Mapping[str, Any]) -> int:
    """Begin a version, or find the one with the same digest; answers its record number.

    A version whose digest is stored already is answered as it is (COMMITTED), with the new aliases and tags: nothing
    needs uploading. Asking twice for the same client's version finds the first one: a lost answer does no harm.
    Versions that begin at the same moment with the same digest become one when they are committed.

    Raises:
        ClientError: names or metadata that cannot be stored, or a region to store the files in.
    """
    if given.get("storageRegion"):
        region = str(given["storageRegion"])[:100]
        raise ClientError(f"storage_region {region!r}: this server has no regions; leave it out")
    names: list[Any] = inputs.strings(given, "artifactCollectionNames") or [given.get("artifactCollectionName")]
    with context.db.write() as connection:
        project = make_project(context, given.get("entityName"), given.get("projectName"))
        client_id = given.get("sequenceClientID")
        collection = col.make_collection(
            context, project["id"], given.get("artifactTypeName"), names[0], portfolio=False, client_id=client_id
        )
        run = find_run(context, project["id"], given.get("runName")) if given.get("runName") else None
        artifact_id = _begun(context, collection["id"], given)
        if artifact_id is None:
            artifact_id = _insert(connection, collection["id"], run["id"] if run else None, given)
        aliases = [alias.get("alias") for alias in inputs.objects(given, "aliases")]
        pending = (json.dumps(aliases), now(), artifact_id)
        connection.execute("UPDATE artifacts SET pending_aliases = ?, updated_at = ? WHERE id = ?", pending)
        change_tags(connection, "artifact", artifact_id, add=inputs.objects(given, "tags"))
        if run is not None:
            record_use(connection, run["id"], artifact_id, "output", None)
        begun = context.db.row("SELECT * FROM artifacts WHERE id = ?", (artifact_id,))
        assert begun is not None
        known = None if given.get("distributedID") else find_equal(context, begun, begun["digest"])
        if known is None or not is_whole(context, known):
            return artifact_id  # the client uploads what is missing, and the commit finds the version of equal content
        return merge(connection, begun, known)


def _begun(context: Context, collection_id: int, given: Mapping[str, Any]) -> int | None:
    """The version that the same client, or another one of those that make it together, has begun."""
    values: tuple[Any, ...] = (collection_id, str(given.get("digest") or ""), str(given.get("clientID")))
    condition = "digest = ? AND client_id = ?"
    if given.get("distributedID"):
        values = (collection_id, str(given["distributedID"]))
        condition = "distributed_id = ? AND state = 'PENDING'"
    row = context.db.row(f"SELECT id FROM artifacts WHERE collection_id = ? AND {condition} ORDER BY id DESC", values)
    return None if row is None else int(row["id"])


def _insert(connection: sqlite3.Connection, collection_id: int, run_id: int | None, given: Mapping[str, Any]) -> int:
    metadata = None if given.get("metadata") is None else checked_metadata(given["metadata"])
    moment = now()
    columns = {
        "ttl": lifetime.given_ttl(given, given.get("artifactTypeName")),
        "collection_id": collection_id,
        "digest": str(given.get("digest") or ""),
        "state": "PENDING",
        "description": _text(given.get("description")),
        "metadata": metadata,
        "run_id": run_id,
        "client_id": _text(given.get("clientID")),
        "distributed_id": _text(given.get("distributedID")),
        "deduplicate": given.get("enableDigestDeduplication") is not False,
        "history_step": inputs.integer(given, "historyStep", 0) if given.get("historyStep") is not None else None,
        "created_at": moment,
        "updated_at": moment,
    }
    marks = ", ".join("?" * len(columns))
    cursor = connection.execute(
        f"INSERT INTO artifacts ({', '.join(columns)}) VALUES ({marks})", list(columns.values())
    )
    return int(cursor.lastrowid or 0)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def checked_metadata(text: Any) -> str:
    """Metadata as the client sends it.

    Raises:
        ClientError: not JSON.
    """
    try:
        jsons.loads(text)
    except TooLargeError as error:
        raise TooLargeError(f"metadata: {error}") from None
    except (ValueError, TypeError, RecursionError):
        raise ClientError("metadata: give JSON as a string") from None
    return str(text)


def delete(context: Context, artifact: Row, delete_aliases: bool) -> None:
    """Delete a version. Its number is not given out again.

    Raises:
        ClientError: it has aliases (``latest`` is one) and ``delete_aliases`` is not set.
    """
    sql = "SELECT alias FROM aliases JOIN memberships ON memberships.id = membership_id WHERE artifact_id = ?"
    aliases = [row["alias"] for row in context.db.rows(sql, (artifact["id"],))]
    if aliases and not delete_aliases:
        raise ClientError(
            f"the version has the aliases {sorted(aliases)}; give delete_aliases=True to delete it with them"
        )
    with context.db.write() as connection:
        places = context.db.rows("SELECT collection_id FROM memberships WHERE artifact_id = ?", (artifact["id"],))
        connection.execute("DELETE FROM artifacts WHERE id = ?", (artifact["id"],))
        for place in places:
            col.restore_latest(connection, place["collection_id"])


def record_use(connection: sqlite3.Connection, run_id: int, artifact_id: int, direction: str, use_as: object) -> None:
    """Remember that a run has used (``input``) or logged (``output``) a version."""
    connection.execute(
        "INSERT INTO run_artifacts (run_id, artifact_id, direction, use_as, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET use_as = coalesce(excluded.use_as, use_as)",
        (run_id, artifact_id, direction, _text(use_as), now()),
    )
