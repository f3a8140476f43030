"""One version for equal contents, however many clients log them, one after the other or at the same moment."""

import json
import sqlite3

from wandb_local.artifacts import collections as col
from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.graphql.common import now


def find_equal(context: Context, artifact: Row, digest: str) -> Row | None:
    """The committed version of the collection that has the digest; for one that is committed or merged, its own.

    Call it in the transaction that acts upon the answer: of two versions with one digest the second sees the first.
    """
    if artifact["state"] != "PENDING":
        own = "SELECT * FROM artifacts WHERE id = ?"
        return context.db.row(own, (artifact["merged_into"] or artifact["id"],))
    if not artifact["deduplicate"]:
        return None
    sql = "SELECT * FROM artifacts WHERE collection_id = ? AND digest = ? AND state = 'COMMITTED' ORDER BY version DESC"
    return context.db.row(sql, (artifact["collection_id"], digest))


def merge(connection: sqlite3.Connection, artifact: Row, known: Row) -> int:
    """Let a version be the known one: its aliases, tags and runs move there, and its id leads there from now on.

    Like any version that is logged, the known one becomes ``latest``. Answers its record number.
    """
    place = col.add_member(connection, known["collection_id"], known["id"])
    col.set_aliases(connection, known["collection_id"], place["id"], json.loads(artifact["pending_aliases"]))
    if artifact["id"] != known["id"]:
        for table in ("artifact_tags", "run_artifacts"):
            move = f"UPDATE OR IGNORE {table} SET artifact_id = ? WHERE artifact_id = ?"
            connection.execute(move, (known["id"], artifact["id"]))
            connection.execute(f"DELETE FROM {table} WHERE artifact_id = ?", (artifact["id"],))
        connection.execute("DELETE FROM manifests WHERE artifact_id = ?", (artifact["id"],))
        lead = "UPDATE artifacts SET state = 'MERGED', merged_into = ?, updated_at = ? WHERE id = ?"
        connection.execute(lead, (known["id"], now(), artifact["id"]))
    return int(known["id"])
