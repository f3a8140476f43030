"""Two tables joined on a column, as the client's ``JoinedTable`` asks for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import product

from wandb_local.errors import NotFoundError
from wandb_local.web.table.cells import (
    Cell,
    Column,
    Label,
    OverlaySet,
    Row,
    Table,
    is_missing,
    pictures_in,
    rename_sets,
)

SIDES = ("table1", "table2")  # as the client calls them
MOST_ROWS = 200_000  # as many as the client logs in one table


def join(one: Table, other: Table, keys: tuple[str, str]) -> Table:
    """Every row of the first table beside every row of the second with the same key.

    The key comes first; all other columns are called ``table1.<column>`` and ``table2.<column>``. Rows without a
    partner are left out and counted in ``faults``. An overlay set whose classes are others in the first table is called
    ``<set> (table2)``.

    Raises:
        NotFoundError: a table lacks its key.
    """
    places = []
    for table, key, side in zip((one, other), keys, SIDES, strict=True):
        place = table.position(key)
        if place is None:
            known = ", ".join(column.name for column in table.columns) or "none"
            raise NotFoundError(f"{side} has no column {key!r} to join on; its columns are {known}")
        places.append(place)
    left, right = places
    other = _told_apart(one, other)
    pairs, faults = _pairs(one.rows, left, other.rows, right)
    columns = [
        Column(keys[0], one.columns[left].kind),
        *_columns(one, left, SIDES[0]),
        *_columns(other, right, SIDES[1]),
    ]
    rows = [[ours[left], *_without(ours, left), *_without(theirs, right)] for ours, theirs in pairs]
    return Table(
        tuple(columns), rows, _sets(one, other), (*one.faults, *other.faults, *faults), one.folders + other.folders
    )


def _columns(table: Table, key: int, side: str) -> list[Column]:
    return [Column(f"{side}.{each.name}", each.kind) for place, each in enumerate(table.columns) if place != key]


def _without(row: Row, place: int) -> list[Cell]:
    return [*row[:place], *row[place + 1 :]]


def _pairs(one: Sequence[Row], left: int, other: Sequence[Row], right: int) -> tuple[list[tuple[Row, Row]], list[str]]:
    ours, theirs = _by_key(one, left), _by_key(other, right)
    pairs: list[tuple[Row, Row]] = []
    faults = []
    for key, same in ours.items():
        for pair in product(same, theirs.get(key, ())):
            if len(pairs) == MOST_ROWS:
                return pairs, [f"only the first {MOST_ROWS:,} rows of the joined table are shown"]
            pairs.append(pair)
    for rows, known, partners, side in ((one, ours, theirs, SIDES[0]), (other, theirs, ours, SIDES[1])):
        alone = len(rows) - sum(len(same) for key, same in known.items() if key in partners)
        if alone:
            faults.append(f"{alone} rows of {side} are not shown, because the other table has no row with the same key")
    return pairs, faults


def _by_key(rows: Sequence[Row], place: int) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if not is_missing(row[place]):
            found.setdefault(str(row[place]), []).append(row)
    return found


def _told_apart(one: Table, other: Table) -> Table:
    """The second table, with new names for the overlay sets whose classes are others in the first."""
    ours = {each.name: each for each in one.sets}
    renamed = {
        each.name: f"{each.name} ({SIDES[1]})"
        for each in other.sets
        if each.name in ours and _names(each) != _names(ours[each.name])
    }
    if not renamed:
        return other

    def cell(given: Cell) -> Cell:
        found = pictures_in(given)
        return tuple(rename_sets(picture, lambda name: renamed.get(name, name)) for picture in found) or given

    sets = tuple(dataclasses.replace(each, name=renamed.get(each.name, each.name)) for each in other.sets)
    return dataclasses.replace(other, rows=[[cell(each) for each in row] for row in other.rows], sets=sets)


def _names(given: OverlaySet) -> tuple[dict[int, str], dict[int, str]]:
    labels, boxes = ({value: label.name for value, label in each.items()} for each in (given.labels, given.boxes))
    return labels, boxes


def _sets(one: Table, other: Table) -> tuple[OverlaySet, ...]:
    """The sets of both; a class that both know has the first's colours."""
    known = {label.name: label for each in (*other.sets, *one.sets) for label in each.classes}

    def recolored(labels: Mapping[int, Label]) -> dict[int, Label]:
        return {value: known[label.name] for value, label in labels.items()}

    every = {each.name: each for each in (*one.sets, *other.sets)}
    return tuple(OverlaySet(name, recolored(each.labels), recolored(each.boxes)) for name, each in every.items())
