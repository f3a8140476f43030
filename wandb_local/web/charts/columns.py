"""The logged values of some keys as arrays of numbers, kept in memory while a user looks at a run."""

import math
import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wandb_local.records.history import lookup, parse_row
from wandb_local.records.lines import each_line
from wandb_local.store.database import Database, Row
from wandb_local.web.charts.extremes import extremes
from wandb_local.web.documents import NOT_FINITE, is_number

Floats = npt.NDArray[np.float64]
EVERYTHING = (-(1 << 62), 1 << 62)
_LARGEST = 200_000  # points of a column; of a longer run, the extremes are kept, and a part of it is read by itself
_KEPT = 4_000_000  # points that are remembered in all: 64 MB


@dataclass(frozen=True)
class Column:
    """The points of one metric by rising row: ``x`` is finite, ``y`` may be NaN or infinite."""

    x: Floats
    y: Floats


@dataclass
class _Growing:
    x: "array[float]" = field(default_factory=lambda: array("d"))
    y: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, x: float, y: float) -> None:
        self.x.append(x)
        self.y.append(y)
        if len(self.x) >= 2 * _LARGEST:
            places = extremes(np.array(self.y), _LARGEST)
            self.x, self.y = (array("d", np.array(each)[places].tobytes()) for each in (self.x, self.y))


class Columns:
    """Reads columns from the rows of runs, and keeps the most recently used ones."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Any, ...], Column] = OrderedDict()

    def read(
        self, run: Row, table: str, names: Sequence[str], axis: str, steps: tuple[float, float] = EVERYTHING
    ) -> dict[str, Column]:
        """The columns of a run's ``history`` or ``events``; ``axis`` is the key of x. Of a very long history, only the
        part between the two ``steps`` is read."""
        if table != "history" or axis != "_step" or run["history_lines"] <= _LARGEST:
            steps = EVERYTHING
        stamp = (run["id"], run["history_lines"], run["events_lines"], run["heartbeat_at"], table, axis, steps)
        with self._lock:
            found = {name: self._known[*stamp, name] for name in names if (*stamp, name) in self._known}
        missing = [name for name in names if name not in found]
        found |= self._parse(run["id"], table, missing, axis, steps) if missing else {}
        self._remember({(*stamp, name): column for name, column in found.items()})
        return found

    def _remember(self, columns: dict[tuple[Any, ...], Column]) -> None:
        with self._lock:
            for key, column in columns.items():
                self._known[key] = column
                self._known.move_to_end(key)
            left = sum(len(column.x) for column in self._known.values())
            while left > _KEPT:
                left -= len(self._known.popitem(last=False)[1].x)

    def _parse(
        self, run_id: int, table: str, names: Sequence[str], axis: str, steps: tuple[float, float]
    ) -> dict[str, Column]:
        growing = {name: _Growing() for name in names}
        for line in each_line(self._db, table, run_id, None if steps == EVERYTHING else steps):
            record = parse_row(line)
            x = _number(lookup(record, axis))
            if x is None or not math.isfinite(x):
                continue
            for name, column in growing.items():
                y = record[name] if name in record else lookup(record, name)
                if type(y) is float or (y := _number(y)) is not None:  # most are, and there are millions of them
                    column.add(x, y)
        return {name: Column(np.array(column.x), np.array(column.y)) for name, column in growing.items()}


def _number(value: Any) -> float | None:
    """A logged number, also one that is not finite; None for anything else."""
    if isinstance(value, str) and value in NOT_FINITE:
        return float(value)
    if not is_number(value):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf if value > 0 else -math.inf
