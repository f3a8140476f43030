"""The console lines of a run."""

from collections.abc import Iterator, Sequence
from typing import Any

from wandb_local import jsons
from wandb_local.store.database import Database, Row


def log_line(row: Row) -> dict[str, Any]:
    """A console line without the marks that the client puts before it: ``ERROR`` for stderr, and the time."""
    text, level = str(row["line"]), "info"
    if text.startswith("ERROR "):
        text, level = text[6:], "error"
    stamp, _, rest = text.partition(" ")
    timestamp = stamp if len(stamp) >= 19 and stamp[4:5] == "-" and "T" in stamp else None
    line = (rest if timestamp else text).rstrip("\n")
    return {"number": row["number"], "timestamp": timestamp, "level": level, "label": "", "line": line}


def rows_at(db: Database, run_id: int, numbers: Sequence[int]) -> list[Row]:
    """The console lines with these numbers, in order: ``number`` and ``line``."""
    sql = "SELECT number, line FROM console WHERE run_id = ? AND number IN (SELECT value FROM json_each(?))"
    return db.rows(f"{sql} ORDER BY number", (run_id, jsons.dumps(numbers)))


def first_rows(db: Database, run_id: int, limit: int, skipped: int) -> list[Row]:
    """A page of console lines, counted from the first one: ``number`` and ``line``."""
    sql = "SELECT number, line FROM console WHERE run_id = ? ORDER BY number LIMIT ? OFFSET ?"
    return db.rows(sql, (run_id, limit, skipped))


def last_rows(db: Database, run_id: int, limit: int, skipped: int = 0) -> list[Row]:
    """A page of console lines, counted from the last one, in order: ``number`` and ``line``."""
    sql = "SELECT number, line FROM console WHERE run_id = ? ORDER BY number DESC LIMIT ? OFFSET ?"
    return db.rows(sql, (run_id, limit, skipped))[::-1]


def new_rows(db: Database, run_id: int, seen: int) -> Iterator[Row]:
    """The console lines that were written or rewritten after the one whose ``rowid`` was ``seen``, in order."""
    sql = "SELECT rowid, number, line FROM console WHERE run_id = ? AND rowid > ? ORDER BY number"
    return db.each(sql, (run_id, seen))


def count_rows(db: Database, run_id: int) -> int:
    """How many lines a run has printed."""
    return int(db.value("SELECT count(*) FROM console WHERE run_id = ?", (run_id,)))
