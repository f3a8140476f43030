"""Which rows are shown, and in which order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from wandb_local.web.documents import is_number
from wandb_local.web.table.cells import Attachment, Cell, Row, Table, is_missing, written
from wandb_local.web.table.predicates import Predicate

_PART = 250  # rows


@dataclass(frozen=True)
class Sorting:
    """Sort by a column."""

    column: int
    descending: bool = False


def ordered(
    rows: Sequence[Row],
    fits: Predicate,
    sortings: Sequence[Sorting],
    each: Callable[[Callable[[range], list[int]], Iterable[range]], Iterable[list[int]]] = map,
) -> list[int]:
    """The numbers of the rows that fit, sorted by the first column, then the second, …; missing cells come last.
    ``each`` looks for them in parts of the rows, perhaps side by side."""

    def fitting(part: range) -> list[int]:
        return [number for number in part if fits(rows[number])]

    numbers = range(len(rows))
    chosen = [*chain.from_iterable(each(fitting, [numbers[at : at + _PART] for at in numbers[::_PART]]))]
    for sorting in reversed(sortings):
        place = sorting.column
        present = [number for number in chosen if not is_missing(rows[number][place])]
        missing = [number for number in chosen if is_missing(rows[number][place])]
        present.sort(key=lambda number, place=place: _rank(rows[number][place]), reverse=sorting.descending)  # type: ignore[misc]
        chosen = present + missing
    return chosen


def _rank(cell: Cell) -> tuple[int, Any]:
    """Numbers (booleans among them) before text before all else."""
    if isinstance(cell, bool) or is_number(cell):
        return 0, cell
    if isinstance(cell, str):
        return 1, (cell.casefold(), cell)
    if isinstance(cell, tuple | Attachment):
        return 2, written(cell)
    return 3, json.dumps(cell, sort_keys=True, default=str)


def sortings_of(table: Table, names: Sequence[str]) -> list[Sorting]:
    """Sort orders from column names, with ``-`` in front for descending; unknown names are ignored."""
    found = []
    for name in names:
        place, descending = table.position(name), False
        if place is None and name.startswith("-"):
            place, descending = table.position(name[1:]), True
        if place is not None:
            found.append(Sorting(place, descending))
    return found
