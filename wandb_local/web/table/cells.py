"""The possible contents of a cell of a logged table, and their texts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

from wandb_local.web.table.boxes import Box

_DEEPEST = 20  # lists in lists whose numbers are shortened


class Folder(Protocol):
    """The place of the files of a table: an artifact version, or the files of a run."""

    def url(self, path: str) -> str:
        """The address from which a browser gets the file."""

    def md5(self, path: str) -> str:
        """The MD5 of the file; empty if it is not stored."""

    def listed(self) -> AbstractContextManager[None]:
        """Within this, the MD5 of each file is at hand."""

    def holds(self, file: File) -> bool:
        """Whether the content of the file is stored."""


class File(NamedTuple):
    """A stored file that a cell refers to; a tuple, as a large table has hundreds of thousands."""

    folder: Folder
    path: str
    known: str = ""  # its MD5, where somebody has asked for it

    @property
    def md5(self) -> str:
        """The MD5 of its bytes; empty if they are not stored any more."""
        return self.known or self.folder.md5(self.path)

    @property
    def url(self) -> str:
        """The address from which a browser gets it."""
        return self.folder.url(self.path)


_NONE: Mapping[str, Any] = {}


class Picture(NamedTuple):
    """An image with class-index masks and boxes over it, by the name of the set; ``file`` is None if it is not stored.
    ``lost`` counts the boxes that could not be read."""

    file: File | None
    path: str
    masks: Mapping[str, File] = _NONE
    caption: str = ""
    boxes: Mapping[str, tuple[Box, ...]] = _NONE
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """Any other medium: a video, a sound, a page; ``file`` is None if it is not stored. ``beside`` are the others of a
    list that begins with it."""

    kind: str
    file: File | None
    path: str
    beside: tuple[Attachment, ...] = ()


Cell: TypeAlias = bool | int | float | str | tuple[Picture, ...] | Attachment | Sequence[Any] | Mapping[str, Any] | None
Row: TypeAlias = Sequence[Cell]


@dataclass(frozen=True)
class Column:
    """A column: its name, and what all its cells that are not missing hold.

    ``kind`` is ``number``, ``boolean``, ``text``, ``image``, ``file``, or ``value`` (lists, objects, a mixture).
    """

    name: str
    kind: str


@dataclass(frozen=True)
class Label:
    """A class of an overlay set: its name, its colour (``#rrggbb`` or ``#rrggbbaa``), and one far from all others."""

    name: str
    color: str
    distinct: str


@dataclass(frozen=True)
class OverlaySet:
    """One kind of masks or boxes (truth, prediction, …), and the classes of its masks and of its boxes by the values
    that stand for them there."""

    name: str
    labels: Mapping[int, Label] = field(default_factory=dict)
    boxes: Mapping[int, Label] = field(default_factory=dict)

    @property
    def classes(self) -> list[Label]:
        """Those of the masks, then those of the boxes."""
        return [*self.labels.values(), *self.boxes.values()]


@dataclass(frozen=True)
class Table:
    """A logged table: columns, rows, the overlay sets of its images, what could not be read of it, and where the files
    in its cells lie."""

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    sets: tuple[OverlaySet, ...] = ()
    faults: tuple[str, ...] = ()
    folders: tuple[Folder, ...] = ()

    def position(self, name: str) -> int | None:
        """The index of a column, or None if there is no column with this name."""
        return next((place for place, column in enumerate(self.columns) if column.name == name), None)


def is_missing(cell: Cell) -> bool:
    """Whether a cell is missing: null or NaN."""
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def pictures_in(cell: Cell) -> tuple[Picture, ...]:
    """The pictures of a cell, none if it is no image."""
    return cell if isinstance(cell, tuple) else ()


def all_pictures(rows: Iterable[Row]) -> Iterator[Picture]:
    """The pictures in all cells of the rows."""
    return (picture for row in rows for cell in row for picture in pictures_in(cell))


def rename_sets(picture: Picture, new: Callable[[str], str]) -> Picture:
    """The picture with other names for its overlay sets."""
    masks = {new(name): mask for name, mask in picture.masks.items()}
    return picture._replace(masks=masks, boxes={new(name): boxes for name, boxes in picture.boxes.items()})


def written(cell: Cell) -> str:
    """The cell in full, as text."""
    if cell is None or isinstance(cell, str):
        return cell or ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return str(cell)
    if isinstance(cell, Attachment):
        return ", ".join(each.path for each in (cell, *cell.beside))
    if isinstance(cell, tuple):
        return ", ".join(picture.path for picture in cell)
    return json.dumps(cell, ensure_ascii=False)


def shown(cell: Cell, limit: int, digits: int = 4) -> str:
    """The cell as a grid shows it: some digits of a number, also within lists and objects, at most ``limit`` characters
    of a text."""
    if isinstance(cell, float):
        return _rounded(cell, digits)
    text = written(_shortened(cell, digits))
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def exact(cell: Cell, limit: int, digits: int = 4) -> str | None:
    """The logged value with all digits, in at most ``limit`` characters; ``shown`` rounds numbers."""
    if isinstance(cell, float):
        return None if not math.isfinite(cell) or float(_rounded(cell, digits)) == cell else written(cell)
    return None if _shortened(cell, digits) == cell else written(cell)[:limit]


def _shortened(cell: Any, digits: int, depth: int = 0) -> Any:
    """Lists and objects with some digits of the numbers in them."""
    if isinstance(cell, float) and depth and math.isfinite(cell):
        return float(f"{cell:.{digits}g}")
    if isinstance(cell, list) and depth < _DEEPEST:
        return [_shortened(each, digits, depth + 1) for each in cell]
    if isinstance(cell, dict) and depth < _DEEPEST:
        return {name: _shortened(each, digits, depth + 1) for name, each in cell.items()}
    return cell


def _rounded(number: float, digits: int) -> str:
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("∞" if number > 0 else "-∞")
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.{digits}g}" if abs(number) < 1e4 else f"{number:.8g}"
