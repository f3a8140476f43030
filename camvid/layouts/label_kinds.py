"""Whether the label pictures of a data set are all of one kind: values, or colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from camvid.labels import stored_values
from camvid.layouts.label_content import spread
from camvid.layouts.scan import Scan
from files.pictures import load_label

GREY = ("1", "L", "I", "I;16", "I;16B")  # modes that hold values
COLORED = ("RGB", "RGBA")  # modes that hold colours, unless all of them are grey


def require_one_kind(scan: Scan) -> None:
    """Raises ValueError naming a folder of each kind; by a sample that has a label of each folder, up to twelve."""
    found = [(path, mode) for path in _sample(scan) if (mode := _mode(path))]
    grey = next((path for path, mode in found if mode in GREY), None)
    colored = (path for path, mode in found if mode in COLORED)
    if grey and (other := next((path for path in colored if _has_colors(path)), None)):
        raise ValueError(
            f"{scan.root}: labels of two kinds: those of {_folder(scan, other)} hold colours ({other.name}), those of "
            f"{_folder(scan, grey)} hold values ({grey.name}); bring all of them into one form"
        )


def _sample(scan: Scan) -> Iterator[Path]:
    masks = [frame.mask for frame in scan.frames]
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
