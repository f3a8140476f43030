"""Rows as the browser gets them: text to show, addresses of files, nothing that could be read as HTML or code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from wandb_local.web.cloud.place import cloud_url, is_cloud
from wandb_local.web.table.cells import (
    Attachment,
    Cell,
    File,
    Label,
    OverlaySet,
    Picture,
    Table,
    exact,
    pictures_in,
    shown,
)

_SHORT = 300  # characters of a cell in the grid
_LONG = 20_000  # in the view of one row
_LOOKED_AT = 200  # rows, for the width of a column
_MOST_THUMBS = 4  # pictures of a cell that the grid shows, as in table_compose.js
_MOST_TILES = 12
_MOST_FILES = 100  # of a list in a cell


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
        return _attachments(cell)
    return _text(cell, _LONG, 5)


def _cell(cell: Cell, limit: int) -> Any:
    if isinstance(cell, tuple):
        return [_picture(picture) for picture in cell]
    if isinstance(cell, Attachment):
        more = f" and {len(cell.beside)} more" if cell.beside else ""
        return {**_attachment(cell), "text": cell.kind + more}
    return _text(cell, limit, 4)


def _text(cell: Cell, limit: int, digits: int) -> str | dict[str, str]:
    """The text, or with it what was logged in full."""
    text, full = shown(cell, limit, digits), exact(cell, limit, digits)
    return text if full is None else {"text": text, "exact": full}


def _attachments(cell: Attachment) -> list[dict[str, str]]:
    return [_attachment(each) for each in (cell, *cell.beside)[:_MOST_FILES]]


def _attachment(cell: Attachment) -> dict[str, str]:
    address = _address(cell.file)
    drawn = {"cloud": cloud_url(address)} if address and is_cloud(cell.kind, cell.path) else {}
    return {"text": cell.kind, "href": address, "path": cell.path, **drawn}


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "url": _address(picture.file),
        "masks": {name: file.url for name, file in picture.masks.items()},
        "boxes": {name: [box.for_browser() for box in boxes] for name, boxes in picture.boxes.items()},
        "caption": picture.caption[:_SHORT],
    }


def _address(file: File | None) -> str:
    """Where the browser gets a file; nothing for one that is not stored, or was lost from the disk."""
    return file.url if file and file.folder.holds(file) else ""


def sets_for_browser(sets: Sequence[OverlaySet]) -> list[dict[str, Any]]:
    """The overlay sets: name, and per class of masks and of boxes value, name and both colours."""
    return [{"name": each.name, "classes": _classes(each.labels), "boxes": _classes(each.boxes)} for each in sets]


def _classes(labels: Mapping[int, Label]) -> list[list[Any]]:
    return [[value, label.name, label.color, label.distinct] for value, label in labels.items()]


def column_width(table: Table, place: int) -> int:
    """Pixels that a column is wide at first: all tiles of its pictures are seen, and its numbers in full."""
    column, rows = table.columns[place], table.rows[:_LOOKED_AT]
    if column.kind == "image":
        return max((_tiles(row[place]) for row in rows), default=1) * 152 + 22
    if column.kind != "number":
        return {"boolean": 96}.get(column.kind, 190)
    word = max(map(len, column.name.split()), default=0)
    cell = max((len(shown(row[place], _SHORT)) for row in rows), default=0)
    return min(max(118, 8 * word + 46, 8 * cell + 40), 240)


def _tiles(cell: Cell) -> int:
    """The tiles that a cell of the grid shows: one a set over a picture, or the picture alone."""
    tiles = [max(1, len({*picture.masks, *picture.boxes})) for picture in pictures_in(cell)[:_MOST_THUMBS]]
    return min(max(1, sum(tiles)), _MOST_TILES)
