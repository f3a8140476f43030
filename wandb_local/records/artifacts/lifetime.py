"""How long versions live: a time-to-live is counted from a version's creation, and ``gc`` deletes what has outlived it.

What an alias names or another collection links to stays, whatever its time-to-live, as it is in use.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

from wandb_local import inputs
from wandb_local.errors import ClientError

INHERITED = -1  # the rule of the team, which keeps all here
FOR_EVER = -2
_MADE_BY_WANDB = ("run_table", "code", "job")
_EXPIRED = """state = 'COMMITTED' AND ttl > 0 AND created_at + ttl < ?
    AND (SELECT count(*) FROM memberships WHERE artifact_id = artifacts.id) < 2
    AND NOT EXISTS (SELECT 1 FROM memberships JOIN aliases ON membership_id = memberships.id
        WHERE artifact_id = artifacts.id)"""


def given_ttl(given: Mapping[str, Any], type_name: object) -> int:
    """The time-to-live that a client asks for: seconds, ``INHERITED`` or ``FOR_EVER``.

    Raises:
        ClientError: the type is one of those that W&B itself makes, which have none.
    """
    ttl = inputs.integer(given, "ttlDurationSeconds", INHERITED) or INHERITED
    if ttl > 0 and (type_name in _MADE_BY_WANDB or str(type_name).startswith("wandb-")):
        raise ClientError(f"ttl: artifacts of the type {str(type_name)[:100]!r}, which wandb itself makes, have none")
    return max(ttl, FOR_EVER)


def prolong(connection: sqlite3.Connection, artifact_id: int, ttl: int, moment: float) -> None:
    """A version that is logged once more, with a time-to-live, outlives both: its own and the new one."""
    sql = "UPDATE artifacts SET ttl = CASE WHEN ttl <= 0 THEN ttl WHEN ? <= 0 THEN ?"
    sql += " ELSE max(ttl, ? + CAST(? - created_at AS INTEGER)) END WHERE id = ?"
    connection.execute(sql, (ttl, ttl, ttl, moment, artifact_id))


def delete_abandoned(connection: sqlite3.Connection, limit: float) -> int:
    """Delete the versions that were begun and not ended, if nobody has worked on them since; answers how many."""
    return connection.execute("DELETE FROM artifacts WHERE state = 'PENDING' AND updated_at < ?", (limit,)).rowcount


def delete_expired(connection: sqlite3.Connection, moment: float) -> int:
    """Delete the versions whose time is over; answers how many."""
    return connection.execute(f"DELETE FROM artifacts WHERE {_EXPIRED}", (moment,)).rowcount
