"""Which surface each pixel shows, and from that its depth.

The inverse depth of a flat surface is an affine function of the pixel: 1 / depth = a * column + b * row + c.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camvid.synth.camera import Floats

Fixed = NDArray[np.int32]  # pixels in fixed-point numbers

SHIFT = 4  # OpenCV takes vertices in 1/16 pixel
_LEAST = 1e-12  # nothing is farther than this inverse depth
_IN_LINE = 1e-12  # share of the squared extents below which corners lie in one line


class Surfaces:
    """A raster with the number of the surface that each pixel shows, and where the surfaces lie.

    Number 0 has no depth: the sky, and what is painted onto the picture itself.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._numbers: NDArray[np.int32] = np.zeros(size, np.int32)  # (H, W)
        self._planes: list[Floats] = [np.zeros(5)]  # a, b, c, least and greatest inverse depth

    def fill(self, contours: Sequence[Fixed], planes: Floats | Sequence[Floats] | None) -> None:
        """Paint outlines, each with its plane (5,); without planes they have no depth."""
        if planes is None:
            cv2.fillPoly(self._numbers, contours, 0, cv2.LINE_8, SHIFT)
            return
        for contour, plane in zip(contours, planes, strict=True):
            cv2.fillPoly(self._numbers, [contour], len(self._planes), cv2.LINE_8, SHIFT)
            self._planes.append(plane)

    def depth(self) -> NDArray[np.float32]:
        """Depth (H, W) along the axis of the camera in metres; NaN where there is none."""
        height, width = self._numbers.shape
        a, b, c, least, greatest = np.array(self._planes)[self._numbers].transpose(2, 0, 1)
        inverse = np.clip(a * np.arange(width) + b * np.arange(height)[:, None] + c, least, greatest)
        return np.where(self._numbers > 0, 1 / np.maximum(inverse, _LEAST), np.nan).astype(np.float32)


def flat(pixels: Floats, depths: Floats, lengths: Sequence[int]) -> Floats:
    """The planes (P, 5) of polygons whose corners follow each other: pixels (V, 2), depths (V,), corners of each (P,).

    Nothing of one is nearer than its nearest corner or farther than its farthest: a pixel's middle can lie beside a
    surface that is seen edge-on.
    """
    counts = np.asarray(lengths)
    starts = counts.cumsum() - counts
    corners = np.vstack((pixels.T, 1 / depths))  # (3, V)
    middles = np.add.reduceat(corners, starts, axis=1) / counts  # (3, P)
    x, y, inverse = corners - middles.repeat(counts, axis=1)
    products = np.array((x * x, x * y, y * y, x * inverse, y * inverse))
    xx, xy, yy, xi, yi = np.add.reduceat(products, starts, axis=1)
    size, determinant = (xx + yy) ** 2, xx * yy - xy * xy
    in_line = determinant <= _IN_LINE * size  # seen edge-on: the slope along the line
    divisor = np.maximum(np.where(in_line, size, determinant), _LEAST)
    a = np.where(in_line, xx * xi + xy * yi, yy * xi - xy * yi) / divisor
    b = np.where(in_line, xy * xi + yy * yi, xx * yi - xy * xi) / divisor
    least, greatest = (find.reduceat(corners[2], starts) for find in (np.minimum, np.maximum))
    return np.stack((a, b, middles[2] - a * middles[0] - b * middles[1], least, greatest), axis=1)


def upright(depth: float) -> Floats:
    """The plane (5,) that faces the camera at one depth."""
    return np.array((0.0, 0.0, 1 / depth, 1 / depth, 1 / depth))


def rods(ends: Floats, depths: Floats) -> Floats:
    """The planes (S, 5) along sticks, each between two pixels (S, 2, 2) at depths (S, 2).

    Across a stick the depth is constant.
    """
    inverse, along = 1 / depths, ends[:, 1] - ends[:, 0]
    squared = (along * along).sum(axis=1)
    rise = np.divide(inverse[:, 1] - inverse[:, 0], squared, out=np.zeros_like(squared), where=squared > 0)
    slopes = along * rise[:, None]
    offsets = inverse[:, 0] - (ends[:, 0] * slopes).sum(axis=1)
    return np.column_stack((slopes, offsets, inverse.min(axis=1), inverse.max(axis=1)))
