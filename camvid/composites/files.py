"""Composites on disk: the list of the files, and their two halves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camvid.layouts.scan import SPLITS, pictures
from files.pictures import read_image

Picture = NDArray[np.uint8]


class Composite(NamedTuple):
    """One file. `name` is unique over all splits; in the popular data, the files of each split count from 1."""

    split: str
    name: str
    path: Path


def find_composites(root: Path) -> list[Composite]:
    """The pictures in `train/`, `val/` and `test/` under the root. Some may be missing, but none may be empty.

    Raises:
        FileNotFoundError: the root is no folder.
        ValueError: no split, an empty one, or two files of one name; naming it and the fix.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder; give the one that holds train/ and val/")
    found: list[Composite] = []
    for split in (split for split in SPLITS if (root / split).is_dir()):
        paths = pictures(root / split)
        if not paths:
            raise ValueError(
                f"{root / split}: there is no picture in it; put the {split} composites there, or remove it"
            )
        found += [Composite(split, f"{split}_{path.stem}", path) for path in paths]
    if not found:
        inner = next((path for path in sorted(root.iterdir()) if (path / SPLITS[0]).is_dir()), None)
        hint = f"is it {inner}?" if inner else "put the composites into train/ and val/ there"
        raise ValueError(f"{root}: it has no train/, val/ or test/; {hint}")
    _check_names(found)
    return found


def _check_names(found: list[Composite]) -> None:
    known: dict[str, Path] = {}
    for composite in found:
        if other := known.get(composite.name):
            raise ValueError(f"{composite.path}: {other.name} has the same name; remove or rename one of the two")
        known[composite.name] = composite.path


def read_halves(path: Path, side: int | None = None) -> tuple[Picture, Picture]:
    """Photo and coloured label, (H, H, 3) uint8 RGB each.

    Args:
        path: the file.
        side: H, if it is known from other files.

    Raises:
        ValueError: the file is unreadable, not twice as wide as high, or of another size than the others. The message
            names the file, its size and the fix.
    """
    picture = read_image(path)
    height, width = picture.shape[:2]
    if width != 2 * height:
        raise ValueError(
            f"{path}: {width}x{height} pixels; a composite is twice as wide as high, photo left and label right: "
            "remove the file, or crop it"
        )
    if side not in (None, height):
        raise ValueError(f"{path}: {width}x{height} pixels, the others have {2 * side}x{side}; resize all to one size")
    return picture[:, :height], picture[:, height:]
