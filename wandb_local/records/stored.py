"""How much is stored, and the blobs that nothing refers to."""

import sqlite3

from wandb_local.records.artifacts import lifetime
from wandb_local.store.database import Database

_COUNTED = ("projects", "runs", "history", "sweeps", "agents", "artifacts WHERE state = 'COMMITTED'", "blobs")
_WITHOUT = (
    "WHERE touched_at < ?1"
    " AND NOT EXISTS (SELECT 1 FROM run_files WHERE md5 = blobs.md5)"
    " AND NOT EXISTS (SELECT 1 FROM artifact_files WHERE md5 = blobs.md5{0})"
    " AND NOT EXISTS (SELECT 1 FROM manifests WHERE md5 = blobs.md5{0})"
)
_UNUSED_THEN = _WITHOUT.format(f" AND artifact_id NOT IN (SELECT id FROM artifacts WHERE {lifetime.OVER})")
_UNUSED = _WITHOUT.format("")


def counts(db: Database) -> dict[str, int]:
    """The number of records of each kind."""
    return {table.split()[0]: db.value(f"SELECT count(*) FROM {table}") for table in _COUNTED}


def blob_bytes(db: Database) -> int:
    """The bytes of all blobs."""
    return int(db.value("SELECT coalesce(sum(size), 0) FROM blobs"))


def blobs(db: Database) -> set[str]:
    """The digests of all blobs."""
    return {row["md5"] for row in db.each("SELECT md5 FROM blobs")}


def unused_blobs(db: Database, limit: float, moment: float | None = None) -> dict[str, int]:
    """Bytes by digest of the blobs that no run file and no version refers to, and that nobody has touched since. With
    ``moment``, as if the versions that are over by then were gone."""
    unused, given = (_UNUSED, [limit]) if moment is None else (_UNUSED_THEN, [limit, moment])
    return {row["md5"]: row["size"] for row in db.each(f"SELECT md5, size FROM blobs {unused}", given)}


def forget_blob(connection: sqlite3.Connection, md5: str, limit: float) -> bool:
    """Delete the record of a blob if it is still one of these; returns whether the record is gone."""
    connection.execute(f"DELETE FROM blobs {_UNUSED} AND md5 = ?", (limit, md5))
    return connection.execute("SELECT 1 FROM blobs WHERE md5 = ?", (md5,)).fetchone() is None
