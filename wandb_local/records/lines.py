"""The lines of a run's streams as they were sent, and a quick search for the rows of a history that have a key."""

import json
from collections.abc import Iterator, Sequence

from wandb_local.store.database import Database, Row


def each_line(db: Database, table: str, run_id: int, steps: tuple[float, float] | None = None) -> Iterator[str]:
    """The lines of ``history``, ``events`` or ``console`` in order; of a history, perhaps only those between two steps,
    both of them included."""
    within = " AND step >= ? AND step <= ?" if steps else ""
    sql = f"SELECT line FROM {table} WHERE run_id = ?{within} ORDER BY number"
    return (row[0] for row in db.each(sql, (run_id, *(steps or ()))))


def last_line(db: Database, table: str, run_id: int) -> str | None:
    """The last line of ``history`` or ``events``, or None."""
    line: str | None = db.value(f"SELECT line FROM {table} WHERE run_id = ? ORDER BY number DESC LIMIT 1", (run_id,))
    return line


def first_step(db: Database, run_id: int) -> int | None:
    """The lowest step of a run's history, or None."""
    step: int | None = db.value("SELECT min(step) FROM history WHERE run_id = ?", (run_id,))
    return step


def history_row(db: Database, run_id: int, number: int) -> Row:
    """The row of a history that has this number, which it must have: ``step`` and ``line``."""
    row = db.row("SELECT step, line FROM history WHERE run_id = ? AND number = ?", (run_id, number))
    assert row is not None
    return row


def line_of_step(db: Database, run_id: int, step: int) -> str | None:
    """The last line of a history at a step, or None."""
    sql = "SELECT line FROM history WHERE run_id = ? AND step = ? ORDER BY number DESC LIMIT 1"
    line: str | None = db.value(sql, (run_id, step))
    return line


def numbers_with(db: Database, run_id: int, name: str) -> list[int]:
    """The numbers of the rows that have a metric, and perhaps of a few more, whose text only looks so."""
    having, texts = _having(name)
    sql = f"SELECT number FROM history WHERE run_id = ? AND ({having}) ORDER BY number"
    return [row["number"] for row in db.rows(sql, (run_id, *texts))]


def last_with(db: Database, run_id: int, name: str) -> Iterator[Row]:
    """The same rows, each with ``step`` and ``line``, the last one first."""
    having, texts = _having(name)
    sql = f"SELECT step, line FROM history WHERE run_id = ? AND ({having}) ORDER BY number DESC"
    return db.each(sql, (run_id, *texts))


def _having(name: str) -> tuple[str, list[str]]:
    having, texts = _contains([name])
    if "." not in name:
        return having, texts
    nested, parts = _contains(name.split("."))
    return f"{having} OR {nested}", texts + parts


def _contains(keys: Sequence[str]) -> tuple[str, list[str]]:
    """An SQL condition that a row's JSON contains all of these keys, written as Python or as Go writes strings."""
    marks = str.maketrans({"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"})
    clauses, texts = [], []
    for key in keys:
        written = {json.dumps(key, ensure_ascii=only) for only in (False, True)}
        written |= {text.translate(marks) for text in written}
        clauses.append(" OR ".join(["instr(line, ?)"] * len(written)))
        texts += sorted(written)
    return " AND ".join(f"({clause})" for clause in clauses), texts
