"""One version for equal contents, however many clients log them, one after the other or at the same moment."""

import json
import sqlite3

from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.records.artifacts import collections as col
from wandb_local.records.artifacts import lifetime
from wandb_local.store.database import Row


def find_equal(context: Context, artifact: Row, digest: str) -> Row | None:
    """The committed version of the collection that has the digest; for one that is committed or merged, its own.

    Call it in the transaction that uses the answer, so that of two versions with one digest the second sees the first.
    """
    if artifact["state"] != "PENDING":
        own = "SELECT * FROM artifacts WHERE id = ?"
        return context.db.row(own, (artifact["merged_into"] or artifact["id"],))
    if not artifact["deduplicate"]:
        return None
    sql = "SELECT * FROM artifacts WHERE collection_id = ? AND digest = ? AND state = 'COMMITTED' ORDER BY version DESC"
    return context.db.row(sql, (artifact["collection_id"], digest))


def is_whole(context: Context, version: Row) -> bool:
    """Whether the files and the manifest of a committed version are on the disk, undamaged."""
    sql = "SELECT md5 FROM artifact_files WHERE artifact_id = ? AND md5 IS NOT NULL UNION SELECT ?"
    digests = (version["id"], manifest_md5(context, version["id"]))
    rows = context.db.rows(f"SELECT needed.md5, size FROM ({sql}) AS needed LEFT JOIN blobs USING (md5)", digests)
    return all(row["md5"] and context.blobs.is_whole(row["md5"], row["size"]) for row in rows)


def manifest_md5(context: Context, artifact_id: int) -> str | None:
    """The blob of a version's newest manifest, or None."""
    sql = "SELECT md5 FROM manifests WHERE artifact_id = ? AND md5 IS NOT NULL ORDER BY id DESC LIMIT 1"
    md5: str | None = context.db.value(sql, (artifact_id,))
    return md5


def merge(connection: sqlite3.Connection, artifact: Row, known: Row) -> int:
    """Let a version be the known one: its aliases, tags and runs move there, and its id leads there from now on.

    Like any version that is logged, the known one becomes ``latest``. Answers its record number.
    """
    place = col.add_member(connection, known["collection_id"], known["id"])
    col.set_aliases(connection, known["collection_id"], place["id"], json.loads(artifact["pending_aliases"]))
    if artifact["id"] != known["id"]:
        lifetime.prolong(connection, known["id"], artifact["ttl"], now())
        for table in ("artifact_tags", "run_artifacts"):
            move = f"UPDATE OR IGNORE {table} SET artifact_id = ? WHERE artifact_id = ?"
            connection.execute(move, (known["id"], artifact["id"]))
            connection.execute(f"DELETE FROM {table} WHERE artifact_id = ?", (artifact["id"],))
        connection.execute("DELETE FROM manifests WHERE artifact_id = ?", (artifact["id"],))
        lead = "UPDATE artifacts SET state = 'MERGED', merged_into = ?, updated_at = ? WHERE id = ?"
        connection.execute(lead, (known["id"], now(), artifact["id"]))
    return int(known["id"])
