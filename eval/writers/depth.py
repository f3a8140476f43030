"""Depth as pictures: colours with a scale in metres, the error, and 16-bit files."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

from eval.depth.measures import CAP
from eval.samples import Depth
from eval.writers.colors import VOID_COLOR, Picture
from eval.writers.legend import MARGIN, above, framed, letters_below, strip_width
from eval.writers.scale import scale
from files.whole import replacing

NEAREST = 2.0  # metres; the colours are spread over the logarithm of the distance from here to CAP
METRES = (2, 5, 10, 20, 40, 80)  # on the scale
STEPS = 256  # of a file's value in a metre, as KITTI stores depth
WORST = 0.5  # relative error with the strongest colour
UNKNOWN_COLOR = (150, 150, 150)
COLORS = np.asarray(colormaps["viridis_r"](np.linspace(0, 1, 256), bytes=True)[:, :3])  # perceptually even
ERRORS = np.asarray(colormaps["RdBu_r"](np.linspace(0, 1, 256), bytes=True)[:, :3])


def depth_picture(depth: Depth) -> Picture:
    """Colours (H, W, 3) of depth (H, W) in metres: near is yellow, far is dark blue, unknown is grey."""
    return _painted(COLORS, _place(np.nan_to_num(depth, nan=CAP)), np.isfinite(depth), UNKNOWN_COLOR)


def depth_error_picture(depth: Depth, truth: Depth) -> Picture:
    """Colours (H, W, 3) of the relative error: blue is too near, red is too far, dark is an unknown truth."""
    known = (truth > 0) & (truth <= CAP)
    error = np.where(known, np.minimum(depth, CAP) / np.where(known, truth, 1) - 1, 0)
    return _painted(ERRORS, (error / WORST + 1) / 2, known, VOID_COLOR)


def _place(metres: NDArray[np.float32]) -> NDArray[np.floating]:
    """Where on the scale, from 0 to 1."""
    return np.asarray(np.log(np.clip(metres, NEAREST, CAP) / NEAREST) / np.log(CAP / NEAREST))


def _painted(
    palette: Picture, place: NDArray[np.floating], known: NDArray[np.bool_], unknown: tuple[int, ...]
) -> Picture:
    picture: Picture = palette[np.rint(np.clip(place, 0, 1) * (len(palette) - 1)).astype(np.uint8)]
    picture[~known] = unknown
    return picture


def depth_scale(width: int, letters: int = 14) -> Image.Image:
    """What the colours of ``depth_picture`` mean."""
    places = _place(np.array(METRES, np.float32)).tolist()
    return scale(COLORS, dict(zip((f"{metres} m" for metres in METRES), places, strict=True)), width, letters)


def error_scale(width: int, letters: int = 14) -> Image.Image:
    """What the colours of ``depth_error_picture`` mean."""
    ticks = {f"{WORST:.0%} too near": 0.0, "right": 0.5, f"{WORST:.0%} too far": 1.0}
    return scale(ERRORS, ticks, width, letters)


def with_depth_scale(picture: Picture) -> Picture:
    """A picture (H, W, 3) of depth with its scale below; both sides of the result are even."""
    return above(picture, _strip(depth_scale, strip_width(picture)))


def with_error_scale(picture: Picture) -> Picture:
    """A picture (H, W, 3) of the error with its scale below; both sides of the result are even."""
    return above(picture, _strip(error_scale, strip_width(picture)))


@lru_cache(maxsize=32)
def _strip(made: Callable[[int, int], Image.Image], width: int) -> Picture:
    return framed(made(width - 2 * MARGIN, letters_below(width)))


def write_depth(path: Path, depth: Depth) -> Path:
    """Write depth (H, W) in metres as a grey PNG of 16 bits, 256 to a metre; 0 is unknown. Raises OSError."""
    steps = np.nan_to_num(np.rint(depth * STEPS), nan=0)
    with replacing(path) as temporary:
        Image.fromarray(np.clip(steps, 0, 2**16 - 1).astype(np.uint16)).save(temporary)
    return path
