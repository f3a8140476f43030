"""What the replicas of public data sets share: random frames and labels, and what must come of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

VOID = 255
SIZE = (32, 64)

Masks = dict[str, dict[str, np.ndarray]]  # split -> frame's name -> its mask by the layout's own classes


@dataclass(frozen=True)
class Replica:
    """A data set that is drawn small, as its host lays it out.

    `write` draws it under a root and gives the masks; `unlabelled` counts the frames without labels by split.
    """

    layout: str
    taxonomy: str
    write: Callable[[Path], Masks]
    unlabelled: dict[str, int]


def photo(path: Path, size: tuple[int, int] = SIZE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(sum(path.name.encode()))
    Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)).save(path)


def values(name: str, count: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Label values from 0 to count - 1, each of them somewhere, others for each name."""
    rng = np.random.default_rng(sum(name.encode()))
    spread = np.arange(size[0] * size[1]) % count
    return rng.permutation(spread).reshape(size).astype(np.uint8)


def grey(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)


def with_palette(path: Path, mask: np.ndarray, colors: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(mask).convert("L")
    picture.putpalette(colors.astype(np.uint8).tobytes())
    picture.save(path)
