"""Which metrics a run has, what they can be drawn over, and how they are read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wandb_local import jsons
from wandb_local.store.database import Row
from wandb_local.web.charts.columns import EVERYTHING, Column, Columns
from wandb_local.web.documents import is_number

SYSTEM = "system"
TIME = "_timestamp"
AXES = {"_step": "step", "_runtime": "seconds since the start", TIME: "time"}


@dataclass(frozen=True)
class Span:
    """The part of the horizontal axis that is looked at; both ends belong to it."""

    first: float
    last: float

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
    """The possible horizontal axes with their labels: step, times, and counts that never fall, such as epochs."""
    keys = json.loads(run["history_keys"])["keys"]
    counts = [n for n, entry in keys.items() if entry["monotonic"] and isinstance(entry["previousValue"], int)]
    return AXES | {name: name for name in in_order(counts) if not name.startswith("_")}


def in_order(names: Iterable[str]) -> list[str]:
    """Names without duplicates: names with few slashes first, then alphabetically, system metrics last."""
    return sorted(set(names), key=lambda name: (name.startswith(f"{SYSTEM}."), name.count("/"), name.lower(), name))


def system_names(run: Row) -> list[str]:
    """The system metrics of a run (their names begin with ``system.``), as the last of them was sent."""
    latest = jsons.flatten(json.loads(run["system_metrics"]))
    return sorted(name for name, value in latest.items() if name.startswith(f"{SYSTEM}.") and is_number(value))


def axis_of(name: str, axis: str) -> str:
    """The key over which a metric is drawn if a visitor has chosen ``axis``: system metrics have times only."""
    return "_runtime" if name.startswith(f"{SYSTEM}.") and axis != TIME else axis


def read_columns(
    columns: Columns, run: Row, names: Sequence[str], axis: str = "_step", span: Span | None = None
) -> dict[str, Column]:
    """The points of each metric; of a very long run, only those within the span."""
    steps = EVERYTHING if span is None else (span.first, span.last)
    measured = [name for name in names if name.startswith(f"{SYSTEM}.")]
    logged = [name for name in names if name not in measured]
    found = columns.read(run, "history", logged, axis, steps) if logged else {}
    if measured:
        found |= columns.read(run, "events", measured, axis_of(measured[0], axis))
    return found
