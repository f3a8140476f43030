"""A table's JSON as a `Table`: media, kinds of columns, mask sets with labels and colours."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local.errors import NotFoundError
from wandb_local.web.table.cells import (
    Attachment,
    Cell,
    Column,
    File,
    Label,
    MaskSet,
    Picture,
    Table,
    is_missing,
    is_number,
)
from wandb_local.web.table.files import Files
from wandb_local.web.table.masks import MaskCounts
from wandb_local.web.table.palette import carried_colors, class_colors
from wandb_local.web.table.sources import Document, allowed_types

_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_UNLABELLED = 50  # masks that are looked at for the classes of a set that came without labels


def make_table(document: Document, counts: MaskCounts) -> Table:
    """The table in a document; what it lacks is listed in its ``faults``."""
    files = document.files
    names = _unique([str(name) for name in document.columns])
    moments = {place for place, name in enumerate(document.columns) if _is_moment(document.types.get(str(name)))}
    faults: list[str] = []
    rows = [_row(row, len(names), files, moments) for row in document.data]
    lost = sum(picture.file is None for row in rows for cell in row for picture in _pictures(cell))
    if lost:
        faults.append(f"{lost} images of this table are not stored here")
    columns = []
    for place, name in enumerate(names):
        kind = _kind([row[place] for row in rows])
        if kind == "number":
            for row in rows:
                cell = row[place]
                row[place] = _NOT_FINITE.get(cell, cell) if isinstance(cell, str) else cell
        columns.append(Column(name, kind))
    return Table(tuple(columns), rows, _sets(document, rows, counts), tuple(faults))


def _unique(names: Sequence[str]) -> list[str]:
    """The names, with a number behind one that is there before."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def _row(given: Sequence[Any], width: int, files: Files, moments: set[int]) -> list[Cell]:
    cells = [_cell(value, files) for value in given[:width]]
    for place in moments:
        if place < len(cells):
            cells[place] = _moment(cells[place])
    return cells + [None] * (width - len(cells))


def _cell(value: Any, files: Files) -> Cell:
    if isinstance(value, dict) and isinstance(value.get("_type"), str):
        return _medium(value, files)
    if isinstance(value, list) and value and all(isinstance(v, dict) and v.get("_type") == "image-file" for v in value):
        return tuple(_picture(each, files) for each in value)
    plain: Cell = value
    return plain


def _medium(value: Mapping[str, Any], files: Files) -> Cell:
    kind = value["_type"]
    if kind == "image-file":
        return (_picture(value, files),)
    if isinstance(value.get("path"), str):
        return Attachment(kind.removesuffix("-file"), files.find(value["path"]), value["path"])
    return value


def _picture(value: Mapping[str, Any], files: Files) -> Picture:
    masks = value.get("masks")
    found = {
        str(name): file
        for name, mask in (masks.items() if isinstance(masks, dict) else ())
        if isinstance(mask, dict) and (file := files.find(mask.get("path")))
    }
    caption = value.get("caption")
    path = str(value.get("path", ""))
    return Picture(files.find(path), path, found, caption if isinstance(caption, str) else "")


def _pictures(cell: Cell) -> Sequence[Picture]:
    return cell if isinstance(cell, tuple) else ()


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


def _sets(document: Document, rows: Sequence[Sequence[Cell]], counts: MaskCounts) -> tuple[MaskSet, ...]:
    masks: dict[str, list[File]] = {}
    for row in rows:
        for cell in row:
            for picture in _pictures(cell):
                for name, file in picture.masks.items():
                    masks.setdefault(name, []).append(file)
    named = _labels(document)
    labels = {
        name: named.get(name) or {value: f"class {value}" for value in _values(files, counts)}
        for name, files in masks.items()
    }
    carried = document.files.about.get("class_colors")
    every = [(value, label) for known in labels.values() for value, label in known.items()]
    distinct = class_colors(every)
    colors = {**distinct, **carried_colors(carried)}
    return tuple(
        MaskSet(
            name, {value: Label(label, colors[label], distinct[label]) for value, label in sorted(labels[name].items())}
        )
        for name in sorted(labels, key=_set_order)
    )


def _values(files: Sequence[File], counts: MaskCounts) -> list[int]:
    return sorted({value for file in files[:_UNLABELLED] for value in counts(file.md5)})


def _set_order(name: str) -> tuple[int, str]:
    """What a human or a file said before what a model said, then all else: the way people compare."""
    lowered = name.lower()
    if any(word in lowered for word in ("truth", "target", "label", "gt", "reference")):
        return 0, lowered
    return (1 if "pred" in lowered else 2), lowered


def _labels(document: Document) -> dict[str, dict[int, str]]:
    """Class names by value for each mask set, from the columns' types."""
    found: dict[str, dict[int, str]] = {}
    for kind in document.types.values():
        for image in allowed_types(kind):
            params = image.get("params", {})
            if image.get("wb_type") != "image-file":
                continue
            every = _constant(params.get("class_map"))
            layers = _constant(params.get("mask_layers"))
            maps = _constant(params.get("mask_class_maps"))
            for name in {*layers, *maps}:
                known = maps.get(name) or {str(v): every[str(v)] for v in layers.get(name, ()) if str(v) in every}
                pairs = ((str(value), str(label)) for value, label in known.items())
                found.setdefault(str(name), {}).update((int(v), label) for v, label in pairs if v.isdigit())
    return found or _class_file(document)


def _constant(param: object) -> dict[str, Any]:
    value = param.get("params", {}).get("val") if isinstance(param, dict) else None
    return value if isinstance(value, dict) else {}


def _class_file(document: Document) -> dict[str, dict[int, str]]:
    """Class names from the file that an image names: tables of older clients describe no columns."""
    found: dict[str, dict[int, str]] = {}
    images = (value for row in document.data for value in row if isinstance(value, dict) and value.get("masks"))
    for image in images:
        classes = image.get("classes")
        file = document.files.find(classes.get("path")) if isinstance(classes, dict) else None
        if file is None:
            continue
        try:
            listed = json.loads(document.files.read(file))["class_set"]
            labels = {int(each["id"]): str(each["name"]) for each in listed}
        except (ValueError, KeyError, TypeError, NotFoundError):
            continue
        return {str(name): labels for name in image["masks"]}
    return found
