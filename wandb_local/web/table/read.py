"""A table's JSON as a `Table`: media, kinds of columns, overlay sets with labels and colours."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from wandb_local.web.documents import is_number
from wandb_local.web.table.boxes import MOST_BOXES
from wandb_local.web.table.cells import Attachment, Cell, Column, Table, is_missing
from wandb_local.web.table.masks import MaskCounts
from wandb_local.web.table.overlays import overlay_sets
from wandb_local.web.table.sources import Document
from wandb_local.web.table.types import allowed_types

_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_PLAIN = {float: "number", int: "number", bool: "boolean", tuple: "image", Attachment: "file"}


def make_table(document: Document, counts: MaskCounts) -> Table:
    """The table in a document, whose rows become the table's; what it lacks is listed in its ``faults``."""
    names, rows = _unique([str(name) for name in document.columns]), document.data
    for row in rows:
        if len(row) != len(names):
            row[:] = row[: len(names)] + [None] * (len(names) - len(row))
    moments = [_is_moment(document.types.get(str(name))) for name in document.columns]
    kinds = [_read_column(rows, place, moment) for place, moment in enumerate(moments)]
    sets = overlay_sets(document, counts)
    folders = tuple(media.files for media in document.media)
    return Table(tuple(map(Column, names, kinds)), rows, sets, (*document.faults, *_faults(document)), folders)


def _read_column(rows: Sequence[list[Cell]], place: int, moments: bool) -> str:
    """The kind of a column. Cells that were logged as text for want of something better become what they mean."""
    if moments:
        for row in rows:
            row[place] = _moment(row[place])
    types = {type(row[place]) for row in rows}
    kinds = {_PLAIN.get(each, "") for each in types}
    if len(kinds) == 1 and (kind := kinds.pop()):
        return kind
    kind = _kind([row[place] for row in rows])
    if kind == "number" and str in types:
        for row in rows:
            cell = row[place]
            row[place] = _NOT_FINITE.get(cell, cell) if isinstance(cell, str) else cell
    return kind


def _faults(document: Document) -> Iterator[str]:
    missing = {path for media in document.media for path in media.missing}
    if missing:
        yield f"{len(missing)} files of this table are not stored on this server"
    boxes = sum(picture.lost for media in document.media for picture in media.pictures)
    if boxes:
        yield f"{boxes} boxes are not shown: they are damaged, or come after the first {MOST_BOXES} of a picture"


def _unique(names: Sequence[str]) -> list[str]:
    """The names, with a number behind one that is there before."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


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
    """The kind of all cells that are not missing; the client writes NaN and infinities as text."""
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
