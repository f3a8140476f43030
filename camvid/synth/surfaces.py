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


class Surfaces:
    """A raster with the number of the surface that each pixel shows, and where the surfaces lie.

    Number 0 has no depth: the sky, and what is painted onto the picture itself.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._numbers: NDArray[np.int32] = np.zeros(size, np.int32)  # (H, W)
        self._planes: list[Floats] = [np.zeros(5)]  # a, b, c, least and greatest inverse depth

    def fill(self, contours: Sequence[Fixed], planes: Sequence[Floats] | None) -> None:
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


def flat(pixels: Floats, depths: Floats) -> Floats:
    """The plane (5,) through corners at pixels (N, 2) and depths (N,).

    Nothing of it is nearer than the nearest corner or farther than the farthest: a pixel's middle can lie beside a
    surface that is seen edge-on.
    """
    inverse = 1 / depths
    a, b, c = np.linalg.lstsq(np.column_stack((pixels, np.ones(len(pixels)))), inverse, rcond=None)[0]
    return np.array((a, b, c, inverse.min(), inverse.max()))


def upright(depth: float) -> Floats:
    """The plane (5,) that faces the camera at one depth."""
    return np.array((0.0, 0.0, 1 / depth, 1 / depth, 1 / depth))


def rod(ends: Floats, depths: Floats) -> Floats:
    """The plane (5,) along a stick between two pixels (2, 2) at depths (2,); across the stick the depth is constant."""
    inverse, along = 1 / depths, ends[1] - ends[0]
    squared = float(along @ along)
    slope = along * ((inverse[1] - inverse[0]) / squared) if squared > 0 else np.zeros(2)
    return np.array((*slope, inverse[0] - ends[0] @ slope, inverse.min(), inverse.max()))
