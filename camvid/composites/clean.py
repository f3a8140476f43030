"""A coloured label that was compressed, back to one colour of its palette for every pixel.

JPEG keeps brightness at full size and colour at half of it, so that pixels at an edge have a colour between those of
the two sides, which may well be the colour of a third class. Where a pixel's own colour decides nothing, its
neighbourhood says which colours are possible, and mostly its brightness which of them it is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from camvid.labels import Mask

NEAR = 24.0  # distance in YCbCr up to which a pixel has a palette's colour: noise of quality 50 and better
ALIKE = 4  # pixels of a colour among 3x3, itself included, that make it certain: a line has 3, and is left to the rest
REACH = 4  # pixels from which a colour can come: half of a JPEG block
BRIGHTNESS = 16.0  # weight of squared brightness beside squared colour differences
_YCBCR = np.array(((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312)), np.float32)


def clean_label(label: NDArray[np.uint8], palette: NDArray[np.uint8]) -> Mask:
    """Index of a palette's colour for every pixel.

    Args:
        label: (H, W, 3) uint8 RGB, as it was decompressed.
        palette: (P, 3) uint8 RGB colours, 255 at most.

    Returns:
        (H, W) uint8 indices.
    """
    size = label.shape[:2]
    pixels, colors = label.reshape(-1, 3) @ _YCBCR.T, palette @ _YCBCR.T
    light = (pixels[:, None, 0] - colors[:, 0]) ** 2  # (H W, P)
    distance = light + ((pixels[:, None, 1:] - colors[:, 1:]) ** 2).sum(2)
    nearest = distance.argmin(1)
    near = (distance.min(1) < NEAR**2).reshape(size)
    certain, possible = _neighbourhood(nearest.reshape(size), near, len(palette))
    cost = np.where(possible.reshape(-1, len(palette)), distance + (BRIGHTNESS - 1) * light, np.inf)
    open_pixels = ~certain.ravel() & possible.any(2).ravel()
    nearest[open_pixels] = cost[open_pixels].argmin(1)
    return np.asarray(nearest.reshape(size), np.uint8)


def _neighbourhood(
    nearest: NDArray[np.intp], near: NDArray[np.bool_], count: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pixels are certain, (H, W), and which colours certain pixels within reach have, (H, W, P)."""
    certain = np.zeros(near.shape, bool)
    possible = np.zeros((*near.shape, count), bool)
    square = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    for index in np.unique(nearest[near]):
        alike = ((nearest == index) & near).astype(np.uint8)
        around = cv2.boxFilter(alike, cv2.CV_16S, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        seeds = alike * (around >= ALIKE).astype(np.uint8)
        certain |= seeds > 0
        possible[..., index] = cv2.dilate(seeds, square) > 0
    return certain, possible
