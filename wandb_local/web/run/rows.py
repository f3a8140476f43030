"""Which rows of a run's history have a key, found without reading each of them."""

import json
from collections.abc import Iterator, Sequence

from wandb_local.store.database import Database, Row


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
