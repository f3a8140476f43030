"""The time-to-live of versions: it is counted from a version's creation, and ``gc`` deletes versions past it.

A version with an alias, or with a link from another collection, is in use and kept whatever its time-to-live.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

from wandb_local import inputs
from wandb_local.errors import ClientError
from wandb_local.store.database import Database

INHERITED = -1  # the rule of the team, which keeps all here
FOR_EVER = -2
_MADE_BY_WANDB = ("run_table", "code", "job")
_PIECE = 500  # files of a version that are deleted in one go
# Of versions: ?1 is when the grace of uploads began, ?2 is now. What is DELETED was to go when a server was killed.
OVER = """(state = 'PENDING' AND updated_at < ?1 OR state = 'DELETED' OR state = 'COMMITTED' AND ttl > 0
    AND created_at + ttl < ?2
    AND (SELECT count(*) FROM memberships WHERE artifact_id = artifacts.id) < 2
    AND NOT EXISTS (SELECT 1 FROM memberships JOIN aliases ON membership_id = memberships.id
        WHERE artifact_id = artifacts.id))"""


def given_ttl(given: Mapping[str, Any], type_name: object) -> int:
    """The time-to-live that a client asks for: seconds, ``INHERITED`` or ``FOR_EVER``.

    Raises:
        ClientError: the type is one of those that W&B itself makes, which have none.
    """
    ttl = inputs.integer(given, "ttlDurationSeconds", INHERITED) or INHERITED
    if ttl > 0 and (type_name in _MADE_BY_WANDB or str(type_name).startswith("wandb-")):
        raise ClientError(
            f"ttl: artifacts of the type {str(type_name)[:100]!r} are made by wandb itself and cannot have a ttl"
        )
    return max(ttl, FOR_EVER)


def prolong(connection: sqlite3.Connection, artifact_id: int, ttl: int, moment: float) -> None:
    """If a version is logged again with a time-to-live, the later end counts."""
    sql = "UPDATE artifacts SET ttl = CASE WHEN ttl <= 0 THEN ttl WHEN ? <= 0 THEN ?"
    sql += " ELSE max(ttl, ? + CAST(? - created_at AS INTEGER)) END WHERE id = ?"
    connection.execute(sql, (ttl, ttl, ttl, moment, artifact_id))


def versions_over(db: Database, limit: float, moment: float) -> dict[int, bool]:
    """The record numbers of the versions that were begun before ``limit`` and not ended, or whose time is over by
    ``moment``; and whether it is their time."""
    rows = db.rows(f"SELECT id, state FROM artifacts WHERE {OVER}", (limit, moment))
    return {row["id"]: row["state"] == "COMMITTED" for row in rows}


def delete_piece(connection: sqlite3.Connection, artifact_id: int, limit: float, moment: float) -> bool:
    """Delete a part of a version if it is over still; answers whether nothing is left to do.

    Nobody finds the version any more from the first part on: one of very many files takes long.
    """
    sql = f"UPDATE artifacts SET state = 'DELETED' WHERE id = ?3 AND {OVER}"
    if connection.execute(sql, (limit, moment, artifact_id)).rowcount == 0:
        return True
    connection.execute("DELETE FROM memberships WHERE artifact_id = ?", (artifact_id,))
    paths = "SELECT path FROM artifact_files WHERE artifact_id = ?1 LIMIT ?2"
    sql = f"DELETE FROM artifact_files WHERE artifact_id = ?1 AND path IN ({paths})"
    if connection.execute(sql, (artifact_id, _PIECE)).rowcount == _PIECE:
        return False
    connection.execute("DELETE FROM artifacts WHERE id = ?", (artifact_id,))
    return True
