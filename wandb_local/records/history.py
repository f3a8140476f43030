"""A run's history: rows as the client wrote them, statistics per key, and how the rows are read back."""

import itertools
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wandb_local import jsons
from wandb_local.documents import NOT_FINITE_TEXTS
from wandb_local.errors import ClientError
from wandb_local.inputs import integer, strings
from wandb_local.limits import TooLargeError
from wandb_local.store.database import Database

lookup = jsons.lookup  # rows and documents are read by one rule


def append_history(connection: sqlite3.Connection, run_id: int, offset: int, lines: Sequence[str]) -> None:
    """Replace the rows from ``offset`` on; see ``new_lines`` for rows that are stored already.

    The statistics of the run are counted again only if other rows were stored there, as that takes time in proportion
    to the run.
    """
    offset, lines = new_lines(connection, "history", run_id, offset, lines)
    if not lines:
        return
    records = [parse_row(line) for line in lines]
    removed = connection.execute("DELETE FROM history WHERE run_id = ? AND number >= ?", (run_id, offset)).rowcount
    rows = [
        (run_id, offset + number, _step(record, offset + number), line)
        for number, (record, line) in enumerate(zip(records, lines, strict=True))
    ]
    connection.executemany("INSERT INTO history (run_id, number, step, line) VALUES (?, ?, ?, ?)", rows)
    if removed:
        recount_history(connection, run_id)
        return
    stored = connection.execute("SELECT history_keys FROM runs WHERE id = ?", (run_id,)).fetchone()[0]
    keys = count_keys(json.loads(stored), records)
    connection.execute(
        "UPDATE runs SET history_lines = ?, history_keys = ? WHERE id = ?",
        (offset + len(lines), jsons.dumps(keys), run_id),
    )


def new_lines(
    connection: sqlite3.Connection, table: str, run_id: int, offset: int, lines: Sequence[str]
) -> tuple[int, Sequence[str]]:
    """The lines that are not stored yet, and the number of the first of them.

    A client sends a message again when no answer has reached it. The second copy may even arrive after later messages:
    what it repeats is skipped, so that the rows that came since stay where they are.
    """
    sql = f"SELECT number, line FROM {table} WHERE run_id = ? AND number >= ? AND number < ? ORDER BY number"
    stored = connection.execute(sql, (run_id, offset, offset + len(lines)))
    pairs = zip(map(tuple, stored), enumerate(lines, offset), strict=False)
    known = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    return offset + known, lines[known:]


def recount_history(connection: sqlite3.Connection, run_id: int) -> None:
    """Work out the number of rows and the key statistics of a run from the rows that are there."""
    keys, count = {"keys": {}, "lastStep": -1}, 0  # rows inherited by a fork have numbers below zero
    for number, line in connection.execute(
        "SELECT number, line FROM history WHERE run_id = ? ORDER BY number", (run_id,)
    ):
        keys, count = count_keys(keys, [parse_row(line)]), max(number + 1, 0)
    connection.execute(
        "UPDATE runs SET history_lines = ?, history_keys = ? WHERE id = ?", (count, jsons.dumps(keys), run_id)
    )


def count_keys(keys: dict[str, Any], records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Add rows to the statistics that the public API calls ``historyKeys``: per key the types seen, the last value, and
    whether its numbers never fell."""
    known = keys["keys"]
    for record in records:
        for name, value in jsons.flatten(record).items():
            entry = known.setdefault(name, {"typeCounts": [], "monotonic": True, "previousValue": None})
            _count_type(entry["typeCounts"], _type_name(value))
            previous = entry["previousValue"]
            if not isinstance(value, int | float) or (isinstance(previous, int | float) and value < previous):
                entry["monotonic"] = False
            entry["previousValue"] = value if isinstance(value, str | int | float) else None
        keys["lastStep"] = max(keys["lastStep"], _step(record, -1))
    return keys


def _count_type(counts: list[dict[str, Any]], name: str) -> None:
    for entry in counts:
        if entry["type"] == name:
            entry["count"] += 1
            return
    counts.append({"type": name, "count": 1})


def _type_name(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("_type", "map"))
    if isinstance(value, bool):
        return "boolean"
    if value in NOT_FINITE_TEXTS or isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else "nil"


def parse_row(line: str) -> dict[str, Any]:
    """One line as an object.

    Raises:
        ClientError: it is not one.
    """
    try:
        record = jsons.loads(line)
    except TooLargeError as error:
        raise TooLargeError(f"files: a line: {error}") from None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise ClientError("files: a line is not a JSON object")
    return record


def _step(record: Mapping[str, Any], default: int) -> int:
    step = record.get("_step")
    return step if isinstance(step, int) and abs(step) < 1 << 62 else default


def page(db: Database, run_id: int, first_step: int, end_step: int, limit: int) -> list[str]:
    """The lines of the first ``limit`` steps from ``first_step`` on and before ``end_step``, in order; strict JSON.

    If a run has several writers, each of them may have a line for a step."""
    steps = "SELECT DISTINCT step FROM history WHERE run_id = ? AND step >= ? AND step < ? ORDER BY step LIMIT ?"
    rows = db.rows(
        "SELECT line FROM history WHERE run_id = ? AND step >= ?"
        f" AND step <= (SELECT max(step) FROM ({steps})) ORDER BY step, number",
        (run_id, first_step, run_id, first_step, end_step, limit),
    )
    return [jsons.strict(row["line"]) for row in rows]


def sampled_lines(db: Database, table: str, run_id: int, samples: int) -> list[str]:
    """At most ``samples`` lines of a run, evenly spread, always with the first and the last; strict JSON."""
    numbers = [row[0] for row in db.each(f"SELECT number FROM {table} WHERE run_id = ? ORDER BY number", (run_id,))]
    chosen = jsons.dumps(thinned(numbers, samples))
    sql = f"SELECT line FROM {table} WHERE run_id = ? AND number IN (SELECT value FROM json_each(?)) ORDER BY number"
    return [jsons.strict(row["line"]) for row in db.each(sql, (run_id, chosen))]


def sampled_values(db: Database, run_id: int, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows that have all of ``spec["keys"]``, reduced to these keys and to ``spec["samples"]`` rows.

    ``minStep`` and ``maxStep`` are both included. Of a long run only the rows that are answered are parsed.
    """
    keys, samples = strings(spec, "keys"), integer(spec, "samples", 500)
    first, last = integer(spec, "minStep", -(1 << 62)), integer(spec, "maxStep", 1 << 62)
    everywhere = _in_each_row(db, run_id)
    marks = [mark for mark in (_mark(key) for key in keys if key not in everywhere) if mark]
    sql = "SELECT number FROM history WHERE run_id = ? AND step >= ? AND step <= ?"
    sql += " AND instr(line, ?)" * len(marks) + " ORDER BY step, number"
    numbers = [row[0] for row in db.each(sql, (run_id, first, last, *marks))]
    found = list(_values(db, run_id, thinned(numbers, samples), keys).values())
    if len(found) == min(len(numbers), samples):
        return found
    whole = list(_values(db, run_id, numbers, keys))  # some name a key and have no value of it: each is looked at
    return list(_values(db, run_id, thinned(whole, samples), keys).values())


def _in_each_row(db: Database, run_id: int) -> set[str]:
    """The keys that each row of a run has, by its statistics."""
    known = json.loads(db.value("SELECT history_keys FROM runs WHERE id = ?", (run_id,)) or "{}").get("keys", {})
    rows = db.value("SELECT count(*) FROM history WHERE run_id = ?", (run_id,))
    counts = {
        key: sum(kind["count"] for kind in entry["typeCounts"] if kind["type"] != "nil") for key, entry in known.items()
    }
    return {key for key, count in counts.items() if count == rows}


def _mark(key: str) -> str:
    """A text that is in each line with the key, whose first parts may name the objects around it; empty if the client
    may have written it in more than one way."""
    last = key.rpartition(".")[2]
    return f'{last}"' if re.fullmatch(r"[\w /-]+", last, re.ASCII) else ""


def _values(db: Database, run_id: int, numbers: Sequence[int], keys: Sequence[str]) -> dict[int, dict[str, Any]]:
    """The values of the keys, by row number, in the order of the steps; rows without one of the keys are left out."""
    sql = "SELECT number, line FROM history WHERE run_id = ? AND number IN (SELECT value FROM json_each(?))"
    found = {}
    for row in db.each(f"{sql} ORDER BY step, number", (run_id, jsons.dumps(numbers))):
        record = parse_row(row["line"])
        values = {key: lookup(record, key) for key in keys} if keys else record
        if all(value is not None for value in values.values()):
            found[row["number"]] = values
    return found


def thinned(items: Sequence[Any], limit: int) -> list[Any]:
    """At most ``limit`` of the items, evenly spread, the first and the last among them."""
    if len(items) <= limit:
        return list(items)
    if limit < 2:
        return list(items[-1:]) if limit == 1 else []
    return [items[round(number * (len(items) - 1) / (limit - 1))] for number in range(limit)]
