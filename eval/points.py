"""Point clouds: each pixel with a depth as a point in space, seen from the camera."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval.depth.measures import CAP
from eval.samples import Depth
from files.camera import Camera

MOST = 100_000  # points
ENDLESS = ("sky",)  # names of classes that have no distance, in small letters


class Cloud(NamedTuple):
    """Points of a frame.

    Attributes:
        points: (n, 3) float32 metres: x to the right, y up, z towards the camera, which is at 0 and looks along -z.
        pixels: (n,) where each lies among the pixels of the frame (H * W).
    """

    points: NDArray[np.float32]
    pixels: NDArray[np.int64]


def cloud(depth: Depth, camera: Camera, left_out: NDArray[np.bool_] | None = None, most: int = MOST) -> Cloud:
    """The points of a frame, without pixels whose depth is unknown or beyond ``CAP``.

    Args:
        depth: (H, W) metres along the camera's axis, NaN where unknown.
        camera: of the frame at this size.
        left_out: (H, W), pixels that make no point.
        most: points at most; of more, those of an even grid over the frame are taken.
    """
    kept = (depth > 0) & (depth < CAP)
    if left_out is not None:
        kept &= ~left_out
    pixels = np.flatnonzero(kept & _grid(depth.shape, int(kept.sum()), most))
    if len(pixels) > most:
        pixels = pixels[np.arange(most) * len(pixels) // most]
    rows, columns = np.divmod(pixels, depth.shape[1])
    forward = depth.ravel()[pixels].astype(np.float64)
    right, down = (columns - camera.cx) / camera.fx * forward, (rows - camera.cy) / camera.fy * forward
    return Cloud(np.stack([right, -down, -forward], axis=1).astype(np.float32), pixels)


def _grid(shape: tuple[int, ...], count: int, most: int) -> NDArray[np.bool_]:
    """Whether a pixel (H, W) lies on an even grid, as about ``most`` of ``count`` pixels do; all if they fit."""
    step = max(1.0, np.sqrt(count / most))
    down, across = (np.isin(np.arange(side), _spread(side, max(1, round(side / step)))) for side in shape)
    return np.asarray(down[:, None] & across)


def _spread(side: int, count: int) -> NDArray[np.int64]:
    """So many places among 0 to ``side - 1``, evenly spread."""
    return (np.arange(count) * 2 + 1) * side // (2 * count)


def endless(mask: NDArray[np.uint8], class_names: Sequence[str]) -> NDArray[np.bool_]:
    """The pixels (H, W) of classes that have no distance: the sky."""
    return np.isin(mask, [index for index, name in enumerate(class_names) if name.lower() in ENDLESS])
