"""Whether the label pictures of a data set are all of one kind: values, or colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from camvid.labels import stored_values
from camvid.layouts.scan import Scan
from camvid.spread import spread
from files.pictures import load_label

GREY = ("1", "L", "I", "I;16", "I;16B")  # modes that hold values
COLORED = ("RGB", "RGBA")  # modes that hold colours, unless all of them are grey


def require_one_kind(scan: Scan) -> None:
    """Raises ValueError naming a folder of each kind; by a sample that has a label of each folder, up to twelve.

    Where one folder has both kinds, some of its files are at fault, and whoever reads them names them.
    """
    found = [(path, mode) for path in _sample(scan) if (mode := _mode(path))]
    grey = {path.parent: path for path, mode in found if mode in GREY}
    colored = {path.parent: path for path, mode in found if mode in COLORED}
    values = next((path for folder, path in grey.items() if folder not in colored), None)
    others = (path for folder, path in colored.items() if folder not in grey and values and _has_colors(path))
    if values and (colors := next(others, None)):
        raise ValueError(
            f"{scan.root}: labels of two kinds: {_folder(scan, colors)} has colours ({colors.name}), and "
            f"{_folder(scan, values)} has values ({values.name}); bring all of them into one form"
        )


def _sample(scan: Scan) -> Iterator[Path]:
    masks = scan.masks
    firsts = {mask.parent: mask for mask in reversed(masks)}
    yield from dict.fromkeys([*spread(masks), *spread(list(firsts.values()))])


def _mode(path: Path) -> str:
    """Pillow's mode, from the header; empty for a damaged file, which others name."""
    try:
        with Image.open(path) as picture:
            return picture.mode
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError):
        return ""


def _has_colors(path: Path) -> bool:
    try:
        return stored_values(load_label(path)) is None
    except ValueError:
        return False


def _folder(scan: Scan, path: Path) -> str:
    return f"{scan.shown(path.parent)}/"
