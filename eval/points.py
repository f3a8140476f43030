"""Point clouds: each pixel with a depth as a point in space, seen from the camera."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval.depth.measures import CAP, LEAST
from eval.samples import Depth
from files.camera import Camera

MOST = 100_000  # points
WIDTHS = 240  # a change is measured over this part of the frame's width
UNEVEN = 0.05  # relative change of the slope of inverse depth, at an edge
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


def predicted_cloud(
    depth: Depth,
    camera: Camera,
    mask: NDArray[np.uint8] | None,
    class_names: Sequence[str],
    left_out: NDArray[np.bool_] | None = None,
    most: int = MOST,
) -> Cloud:
    """The points of a predicted depth, without what lies between two things, and without the sky if it is known.

    Args:
        depth: (H, W) metres.
        camera: of the frame at this size.
        mask: (H, W) predicted class indices, or None.
        class_names: C names.
        left_out: (H, W), pixels that make no point.
        most: points at most.
    """
    parts = [between(depth)]
    parts += [] if mask is None else [endless(mask, class_names)]
    parts += [] if left_out is None else [left_out]
    return cloud(depth, camera, np.logical_or.reduce(parts), most)


def between(depth: Depth) -> NDArray[np.bool_]:
    """The pixels (H, W) of a predicted depth that lie between a near and a far thing, where nothing is.

    A network's edges are blurred. Along a plane the inverse depth changes evenly from pixel to pixel; a pixel at which
    it changes in one direction and unevenly is on an edge. A thin thing stays: there it changes in both directions.
    """
    step = max(2, round(depth.shape[1] / WIDTHS))
    inverse = np.reciprocal(np.maximum(depth, np.float32(LEAST)))
    return _uneven(inverse, step) | _uneven(inverse.T, step).T


def _uneven(inverse: Depth, step: int) -> NDArray[np.bool_]:
    """Whether inverse depth (H, W) changes along the rows in one direction, but not evenly."""
    padded = np.pad(inverse, [(0, 0), (step, step)], mode="edge")
    before, after = inverse - padded[:, : -2 * step], padded[:, 2 * step :] - inverse
    return np.asarray((before * after > 0) & (np.abs(after - before) > UNEVEN * inverse))


def endless(mask: NDArray[np.uint8], class_names: Sequence[str]) -> NDArray[np.bool_]:
    """The pixels (H, W) of classes that have no distance: the sky."""
    return np.isin(mask, [index for index, name in enumerate(class_names) if name.lower() in ENDLESS])
