"""Rows as the browser gets them: text to show, addresses of files, nothing that could be read as HTML or code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from wandb_local.web.table.cells import Attachment, Cell, Column, Label, OverlaySet, Picture, Table, pictures_in, shown

_SHORT = 300  # characters of a cell in the grid
_LONG = 20_000  # in the view of one row


def grid_row(table: Table, number: int) -> dict[str, Any]:
    """A row of the grid: ``id`` is its number in the table, ``c0`` … its cells."""
    row = table.rows[number]
    return {"id": number, **{f"c{place}": _cell(cell, _SHORT) for place, cell in enumerate(row)}}


def record(table: Table, number: int, first: Collection[str]) -> dict[str, Any]:
    """One row in full: its pictures, and all other cells as (column, text) pairs, the columns ``first`` before all."""
    cells = list(zip(table.columns, table.rows[number], strict=True))
    cells.sort(key=lambda pair: pair[0].name not in first)
    fields = [[column.name, _field(cell)] for column, cell in cells if not isinstance(cell, tuple)]
    return {"row": number, "pictures": pictures(table, number), "fields": fields}


def pictures(table: Table, number: int) -> list[dict[str, Any]]:
    """The pictures of a row."""
    return [
        {**_picture(picture), "column": column.name}
        for column, cell in zip(table.columns, table.rows[number], strict=True)
        for picture in pictures_in(cell)
    ]


def _field(cell: Cell) -> Any:
    if isinstance(cell, Attachment):
        return _attachment(cell)
    return shown(cell, _LONG, digits=5)


def _cell(cell: Cell, limit: int) -> Any:
    if isinstance(cell, tuple):
        return [_picture(picture) for picture in cell]
    return _attachment(cell) if isinstance(cell, Attachment) else shown(cell, limit)


def _attachment(cell: Attachment) -> dict[str, str]:
    return {"text": cell.kind, "href": cell.file.url if cell.file else "", "path": cell.path}


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "url": picture.file.url if picture.file else "",
        "masks": {name: file.url for name, file in picture.masks.items()},
        "boxes": {name: [box.for_browser() for box in boxes] for name, boxes in picture.boxes.items()},
        "caption": picture.caption[:_SHORT],
    }


def sets_for_browser(sets: Sequence[OverlaySet]) -> list[dict[str, Any]]:
    """The overlay sets: name, and per class of masks and of boxes value, name and both colours."""
    return [{"name": each.name, "classes": _classes(each.labels), "boxes": _classes(each.boxes)} for each in sets]


def _classes(labels: Mapping[int, Label]) -> list[list[Any]]:
    return [[value, label.name, label.color, label.distinct] for value, label in labels.items()]


def column_width(column: Column, sets: int) -> int:
    """Pixels that a column is wide at first: a number's by the longest word of its name."""
    longest = max(map(len, column.name.split()), default=0)
    widths = {"number": min(max(118, 8 * longest + 46), 190), "boolean": 96, "image": max(1, min(sets, 3)) * 152 + 22}
    return widths.get(column.kind, 190)
