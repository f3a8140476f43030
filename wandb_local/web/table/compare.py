"""The same rows of two tables side by side, with the differences of their numbers: where did B get worse than A?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wandb_local.web.documents import is_number
from wandb_local.web.table.boxes import Box
from wandb_local.web.table.cells import (
    Cell,
    Column,
    Label,
    OverlaySet,
    Picture,
    Row,
    Table,
    all_pictures,
    is_missing,
    pictures_in,
    rename_sets,
)

Pair = tuple[Row, Row]
Made = tuple[int, Column, list[Cell]]  # rank (images, differences, all else), column and cells


def key_columns(one: Table, other: Table) -> list[str]:
    """The columns on which two tables can be joined; first those whose cells name one row each."""
    shared = [c.name for c in one.columns if c.kind in ("text", "number") and other.position(c.name) is not None]
    return sorted(shared, key=lambda name: not (_names_rows(one, name) and _names_rows(other, name)))


def _names_rows(table: Table, name: str) -> bool:
    place = table.position(name)
    cells = [row[place] for row in table.rows] if place is not None else []
    return len({*map(str, cells)}) == len(cells) and not any(map(is_missing, cells))


def compare(one: Table, other: Table, key: str) -> Table:
    """Rows with the same ``key`` beside each other.

    Columns are the key; the images, once if both tables have the same ones; ``<column> (B-A)`` for numbers; then all
    columns of both as ``<column> (A)`` and ``<column> (B)``, or once where they agree. Overlay sets are told apart in
    the same way. Rows that only one of the tables has are counted in ``faults``; of rows with the same key the first is
    beside the first, the second beside the second.

    Raises:
        ValueError: one of the tables lacks the key.
    """
    left, right = one.position(key), other.position(key)
    if left is None or right is None:
        raise ValueError(f"table {'A' if left is None else 'B'} has no column {key!r} to join on")
    pairs, alone = _joined(one.rows, left, other.rows, right)
    made = list(_columns(one, other, key, pairs))
    made.sort(key=lambda column: column[0])
    columns = (Column(key, one.columns[left].kind), *(column for _, column, _ in made))
    keys = [pair[0][left] for pair in pairs]
    rows = [list(cells) for cells in zip(keys, *(cells for *_, cells in made), strict=True)]
    faults = [f"rows only in {name}: {count}" for name, count in zip("AB", alone, strict=True) if count]
    return Table(
        columns, rows, _sets(one, other, pairs), (*one.faults, *other.faults, *faults), one.folders + other.folders
    )


def _joined(one: Sequence[Row], left: int, other: Sequence[Row], right: int) -> tuple[list[Pair], tuple[int, int]]:
    waiting: dict[str, list[Row]] = {}
    for row in reversed(other):
        waiting.setdefault(str(row[right]), []).append(row)
    pairs: list[Pair] = []
    for row in one:
        matches = waiting.get(str(row[left]))
        if matches:
            pairs.append((row, matches.pop()))
    return pairs, (len(one) - len(pairs), len(other) - len(pairs))


def _columns(one: Table, other: Table, key: str, pairs: Sequence[Pair]) -> Iterator[Made]:
    """The columns behind the key."""
    shared = shared_sets(pairs)
    for left, column in enumerate(one.columns):
        right = other.position(column.name)
        if column.name == key:
            continue
        if right is None:
            yield _one_side(column, [pair[0][left] for pair in pairs], "A", shared)
            continue
        ours, theirs = [pair[0][left] for pair in pairs], [pair[1][right] for pair in pairs]
        kinds = {column.kind, other.columns[right].kind}
        if kinds == {"image"}:
            yield from _images(column, ours, theirs, shared)
            continue
        if kinds == {"number"}:
            yield 1, Column(f"{column.name} (B-A)", "number"), list(map(_difference, ours, theirs))
        if kinds != {"number"} and ours == theirs:
            yield 2, column, ours
        else:
            yield _one_side(column, ours, "A", shared)
            yield _one_side(other.columns[right], theirs, "B", shared)
    for right, column in enumerate(other.columns):
        if one.position(column.name) is None:
            yield _one_side(column, [pair[1][right] for pair in pairs], "B", shared)


def _one_side(column: Column, cells: list[Cell], side: str, shared: frozenset[str]) -> Made:
    """A column of one of the tables, under a name that says of which."""
    named = Column(f"{column.name} ({side})", column.kind)
    if column.kind == "image":
        return 0, named, [_renamed(cell, side, shared) for cell in cells]
    return 2, named, cells


def _difference(ours: Cell, theirs: Cell) -> Cell:
    if not is_number(ours) or not is_number(theirs) or is_missing(ours) or is_missing(theirs):
        return None
    return theirs - ours  # type: ignore[operator]


def _images(column: Column, ours: list[Cell], theirs: list[Cell], shared: frozenset[str]) -> Iterator[Made]:
    if all(map(_same_pictures, ours, theirs)):
        left = [_renamed(cell, "A", shared) for cell in ours]
        right = [_renamed(cell, "B", shared) for cell in theirs]
        yield 0, column, list(map(_merged, left, right))
    else:
        yield _one_side(column, ours, "A", shared)
        yield _one_side(column, theirs, "B", shared)


def _renamed(cell: Cell, side: str, shared: frozenset[str]) -> tuple[Picture, ...]:
    return tuple(
        rename_sets(picture, lambda name: name if name in shared else f"{name} ({side})")
        for picture in pictures_in(cell)
    )


def _same_pictures(ours: Cell, theirs: Cell) -> bool:
    left, right = pictures_in(ours), pictures_in(theirs)
    return not left or not right or [_digest(picture) for picture in left] == [_digest(picture) for picture in right]


def _digest(picture: Picture) -> str:
    return picture.file.md5 if picture.file else picture.path


def _merged(left: tuple[Picture, ...], right: tuple[Picture, ...]) -> Cell:
    if not left or not right:
        return left or right or None
    return tuple(
        one._replace(masks={**one.masks, **other.masks}, boxes={**one.boxes, **other.boxes})
        for one, other in zip(left, right, strict=True)
    )


def shared_sets(pairs: Sequence[Pair]) -> frozenset[str]:
    """The overlay sets that are the same in both tables, such as the ground truth."""
    overlays: dict[str, bool] = {}
    for ours, theirs in pairs:
        left, right = _overlays(ours), _overlays(theirs)
        for place, name in {*left, *right}:
            same = left.get((place, name)) == right.get((place, name)) or not left or not right
            overlays[name] = overlays.get(name, True) and same
    return frozenset(name for name, same in overlays.items() if same)


def _overlays(row: Row) -> dict[tuple[int, str], tuple[str | None, tuple[Box, ...]]]:
    """What is over the pictures of a row, by the picture's place and the name of the set: a mask's MD5, and boxes."""
    pictures = enumerate(all_pictures([row]))
    return {
        (place, name): (each.masks[name].md5 if name in each.masks else None, each.boxes.get(name, ()))
        for place, each in pictures
        for name in {*each.masks, *each.boxes}
    }


def _sets(one: Table, other: Table, pairs: Sequence[Pair]) -> tuple[OverlaySet, ...]:
    """The sets of both; a class that both know has A's colour."""
    shared = shared_sets(pairs)
    colors = {label.name: label for each in (*other.sets, *one.sets) for label in each.classes}
    found = [_recolored(each, each.name, colors) for each in one.sets if each.name in shared]
    theirs = {each.name: each for each in other.sets}
    ours = {each.name: each for each in one.sets}
    for name in dict.fromkeys([*ours, *theirs]):
        for side, known in (("A", ours), ("B", theirs)):
            if name not in shared and name in known:
                found.append(_recolored(known[name], f"{name} ({side})", colors))
    return tuple(found)


def _recolored(given: OverlaySet, name: str, known: Mapping[str, Label]) -> OverlaySet:
    labels, boxes = (
        {value: known[label.name] for value, label in each.items()} for each in (given.labels, given.boxes)
    )
    return OverlaySet(name, labels, boxes)
