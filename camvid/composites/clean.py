"""Gives each pixel of a compressed coloured label one colour of the palette again.

JPEG stores brightness at full size, and colour at half of it. So a pixel at an edge gets a mixed colour, which may be
the colour of a third class. If the colour of a pixel is not certain, its neighbourhood gives the possible colours.
Mostly its brightness then decides between them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from camvid.labels import Mask

NEAR = 24.0  # largest distance in YCbCr to a colour of the palette: the noise of JPEG quality 50 or better
ALIKE = 4  # pixels of its colour among 3x3, itself included, that make a pixel certain; in a thin line it has only 3
REACH = 4  # how far a colour spreads, in pixels: half of a JPEG block
BRIGHTNESS = 16.0  # weight of the squared difference in brightness, beside that in colour
_YCBCR = np.array(((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312)), np.float32)


def clean_label(label: NDArray[np.uint8], palette: NDArray[np.uint8]) -> Mask:
    """Index of a colour in the palette, for each pixel.

    Args:
        label: (H, W, 3) uint8 RGB, as it was decompressed.
        palette: (P, 3) uint8 RGB colours, at most 255 of them.

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
    """Which pixels are certain, (H, W), and for each pixel the colours of certain pixels within reach, (H, W, P)."""
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
