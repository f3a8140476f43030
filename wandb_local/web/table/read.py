"""A table's JSON as a `Table`: media, kinds of columns, overlay sets with labels and colours."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local.web.documents import is_number
from wandb_local.web.table.boxes import MOST_BOXES, Box, read_box_file, read_boxes
from wandb_local.web.table.cells import (
    Attachment,
    Cell,
    Column,
    File,
    Picture,
    Table,
    all_pictures,
    is_missing,
)
from wandb_local.web.table.files import Files
from wandb_local.web.table.masks import MaskCounts
from wandb_local.web.table.overlays import named, overlay_sets
from wandb_local.web.table.sources import Document, allowed_types

_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def make_table(document: Document, counts: MaskCounts) -> Table:
    """The table in a document; what it lacks is listed in its ``faults``."""
    media = _Media(document.files)
    names = _unique([str(name) for name in document.columns])
    moments = {place for place, name in enumerate(document.columns) if _is_moment(document.types.get(str(name)))}
    faults = list(document.faults)
    rows = [_row(row, len(names), media, moments) for row in document.data]
    if media.missing:
        faults.append(f"{len(media.missing)} files of this table are not stored here")
    boxes = sum(picture.lost for picture in all_pictures(rows))
    if boxes:
        faults.append(f"{boxes} boxes of this table are damaged, or beyond the first {MOST_BOXES} of a picture")
    columns = []
    for place, name in enumerate(names):
        kind = _kind([row[place] for row in rows])
        if kind == "number":
            for row in rows:
                cell = row[place]
                row[place] = _NOT_FINITE.get(cell, cell) if isinstance(cell, str) else cell
        columns.append(Column(name, kind))
    return Table(tuple(columns), rows, overlay_sets(document, rows, counts), tuple(faults))


class _Media:
    """The files that a table's cells name; ``missing`` are those that were asked for and are not stored."""

    def __init__(self, files: Files) -> None:
        self.missing: set[str] = set()
        self._files = files
        self.read = files.read

    def find(self, path: object) -> File | None:
        file = self._files.find(path)
        if file is None:
            self.missing.add(str(path))
        return file


def _unique(names: Sequence[str]) -> list[str]:
    """The names, with a number behind one that is there before."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def _row(given: Sequence[Any], width: int, media: _Media, moments: set[int]) -> list[Cell]:
    cells = [_cell(value, media) for value in given[:width]]
    for place in moments:
        if place < len(cells):
            cells[place] = _moment(cells[place])
    return cells + [None] * (width - len(cells))


def _cell(value: Any, media: _Media) -> Cell:
    if isinstance(value, dict) and isinstance(value.get("_type"), str):
        return _medium(value, media)
    if isinstance(value, list) and value and all(isinstance(v, dict) and v.get("_type") == "image-file" for v in value):
        return tuple(_picture(each, media) for each in value)
    plain: Cell = value
    return plain


def _medium(value: Mapping[str, Any], media: _Media) -> Cell:
    kind = value["_type"]
    if kind == "image-file":
        return (_picture(value, media),)
    if isinstance(value.get("path"), str):
        return Attachment(kind.removesuffix("-file"), media.find(value["path"]), value["path"])
    return value


def _picture(value: Mapping[str, Any], media: _Media) -> Picture:
    found = {
        name: file
        for name, mask in named(value.get("masks"))
        if isinstance(mask, dict) and (file := media.find(mask.get("path")))
    }
    caption = value.get("caption")
    path = str(value.get("path", ""))
    boxes = {name: _boxes(each, media) for name, each in named(value.get("boxes"))}
    return Picture(
        media.find(path),
        path,
        found,
        caption if isinstance(caption, str) else "",
        {name: read for name, (read, _) in boxes.items()},
        sum(lost for _, lost in boxes.values()),
    )


def _boxes(given: object, media: _Media) -> tuple[tuple[Box, ...], int]:
    if not isinstance(given, dict):
        return read_boxes(given)
    file = media.find(given.get("path"))
    return read_box_file(media.read(file)) if file else ((), 0)


def _is_moment(kind: object) -> bool:
    return any(each.get("wb_type") == "timestamp" for each in allowed_types(kind))


def _moment(cell: Cell) -> Cell:
    """Milliseconds since 1970 as ISO 8601."""
    if not is_number(cell):
        return cell
    try:
        moment = datetime.datetime.fromtimestamp(float(cell) / 1000, tz=datetime.UTC)  # type: ignore[arg-type]
    except (ValueError, OverflowError, OSError):
        return cell
    return moment.isoformat(sep=" ", timespec="milliseconds" if moment.microsecond else "seconds")[:-6]


def _kind(cells: Sequence[Cell]) -> str:
    """What all cells that are not missing hold; the client writes NaN and infinities as text."""
    kinds = {_cell_kind(cell) for cell in cells if not is_missing(cell)}
    if kinds == {"number", "not finite"} or (kinds == {"not finite"}):
        return "number"
    kinds = {"text" if kind == "not finite" else kind for kind in kinds}
    if not kinds:
        return "number" if any(cell is not None for cell in cells) else "text"
    return kinds.pop() if len(kinds) == 1 else "value"


def _cell_kind(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "boolean"
    if is_number(cell):
        return "number"
    if isinstance(cell, str):
        return "not finite" if cell in _NOT_FINITE else "text"
    if isinstance(cell, tuple):
        return "image"
    return "file" if isinstance(cell, Attachment) else "value"
