"""The points of a run's metrics, sampled: a long run is drawn from some of its rows, read by their numbers."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.database import Database, Row
from wandb_local.history import lookup, parse_row, thinned

SYSTEM = "system"
AXES = {"_step": "step", "_runtime": "seconds since the start", "_timestamp": "time"}
POINTS = 1000  # drawn for each run and metric; a wide chart has no more pixels
_WHOLE = 4 * POINTS  # rows up to which a run is read whole


@dataclass
class Series:
    """The points of one metric of one run, by rising row; ``y`` holds None where NaN or an infinity was logged."""

    x: list[float] = field(default_factory=list)
    y: list[float | None] = field(default_factory=list)


@dataclass(frozen=True)
class Span:
    """The part of the step axis that is looked at; both ends belong to it."""

    first: int = -(1 << 62)
    last: int = 1 << 62

    def widened(self) -> "Span":
        """As much again on both sides, so that lines go on beyond the edges of a chart."""
        size = self.last - self.first
        return Span(self.first - size, self.last + size)


def metric_names(run: Row) -> list[str]:
    """The metrics of a run that are numbers, in the order of a reader."""
    keys = json.loads(run["history_keys"])["keys"]
    numbers = [name for name, entry in keys.items() if any(c["type"] == "number" for c in entry["typeCounts"])]
    return in_order([*(name for name in numbers if not name.startswith("_")), *system_names(run)])


def axes_of(run: Row) -> dict[str, str]:
    """What can be the horizontal axis, with words for it: step, times, and counts that never fell, such as epochs."""
    keys = json.loads(run["history_keys"])["keys"]
    counts = [n for n, entry in keys.items() if entry["monotonic"] and isinstance(entry["previousValue"], int)]
    return AXES | {name: name for name in in_order(counts) if not name.startswith("_")}


def in_order(names: Iterable[str]) -> list[str]:
    """Names, each once: shallow ones first, then by alphabet, system metrics last."""
    return sorted(set(names), key=lambda name: (name.startswith(f"{SYSTEM}."), name.count("/"), name.lower(), name))


def system_names(run: Row) -> list[str]:
    """The system metrics of a run (their names begin with ``system.``), as the last of them was sent."""
    latest = jsons.flatten(json.loads(run["system_metrics"]))
    return sorted(name for name, value in latest.items() if name.startswith(f"{SYSTEM}.") and _is_number(value))


def read_series(
    context: Context, run: Row, names: Sequence[str], axis: str = "_step", span: Span | None = None
) -> dict[str, Series]:
    """The points of each metric: at most about ``POINTS``, evenly spread over the rows that have it.

    System metrics have no step: on that axis they are drawn over the seconds since the start.
    """
    logged = [name for name in names if not name.startswith(f"{SYSTEM}.")]
    measured = [name for name in names if name.startswith(f"{SYSTEM}.")]
    found = _points(_history(context.db, run, logged, span or Span()), logged, axis) if logged else {}
    if measured:
        rows = context.db.rows("SELECT line FROM events WHERE run_id = ? ORDER BY number", (run["id"],))
        clock = axis if axis == "_timestamp" else "_runtime"
        found |= _points((parse_row(row["line"]) for row in thinned(rows, _WHOLE)), measured, clock)
    return {name: _thin(series) for name, series in found.items()}


def _history(db: Database, run: Row, names: Sequence[str], span: Span) -> list[dict[str, Any]]:
    bounds = (run["id"], span.first, span.last)
    numbers = db.row(
        "SELECT count(*) AS rows, min(number) AS first, max(number) AS last FROM history"
        " WHERE run_id = ? AND step >= ? AND step <= ?",
        bounds,
    )
    assert numbers is not None
    if numbers["rows"] <= _WHOLE:
        sql = "SELECT number, line FROM history WHERE run_id = ? AND step >= ? AND step <= ? ORDER BY number"
        return [parse_row(row["line"]) for row in db.rows(sql, bounds)]
    rows = _by_number(db, run["id"], thinned(range(numbers["first"], numbers["last"] + 1), POINTS))
    counts = _counts(run)
    for name in names:
        if sum(lookup(record, name) is not None for record in rows.values()) >= min(counts.get(name, 0), POINTS // 4):
            continue  # the rows that were read show it well
        wanted = thinned(numbers_with(db, run["id"], name, span), POINTS)
        rows |= _by_number(db, run["id"], [number for number in wanted if number not in rows])
    return [rows[number] for number in sorted(rows)]


def _counts(run: Row) -> dict[str, int]:
    keys = json.loads(run["history_keys"])["keys"]
    return {name: sum(kind["count"] for kind in entry["typeCounts"]) for name, entry in keys.items()}


def numbers_with(db: Database, run_id: int, name: str, span: Span) -> list[int]:
    """The numbers of the rows that have a metric, and perhaps of a few more, whose text only looks so."""
    having, texts = _contains([name])
    if "." in name:
        nested, parts = _contains(name.split("."))
        having, texts = f"{having} OR {nested}", texts + parts
    sql = f"SELECT number FROM history WHERE run_id = ? AND step >= ? AND step <= ? AND ({having}) ORDER BY number"
    return [row["number"] for row in db.rows(sql, (run_id, span.first, span.last, *texts))]


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


def _by_number(db: Database, run_id: int, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    sql = "SELECT number, line FROM history WHERE run_id = ? AND number IN (SELECT value FROM json_each(?))"
    return {row["number"]: parse_row(row["line"]) for row in db.rows(sql, (run_id, json.dumps(list(numbers))))}


def _points(records: Iterable[dict[str, Any]], names: Sequence[str], axis: str) -> dict[str, Series]:
    found = {name: Series() for name in names}
    for record in records:
        x = lookup(record, axis)
        if not _is_number(x):
            continue
        for name, series in found.items():
            value = lookup(record, name)
            if _is_number(value) or value in ("NaN", "Infinity", "-Infinity"):
                series.x.append(x)
                series.y.append(value if _is_number(value) else None)
    return found


def _thin(series: Series) -> Series:
    places = thinned(range(len(series.x)), POINTS)
    return Series([series.x[place] for place in places], [series.y[place] for place in places])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
