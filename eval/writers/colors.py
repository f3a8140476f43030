"""Masks as pictures: class colours, overlays, and the error map."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]  # (H, W, 3) RGB, or (H, W) class indices

ERROR_COLORS = {
    "priority class missed": (230, 30, 50),
    "priority class hallucinated": (255, 190, 0),
    "other error": (70, 130, 220),
}
VOID_COLOR = (40, 40, 40)


def colorize(mask: Picture, colors: Picture) -> Picture:
    """Class indices (H, W) to RGB (H, W, 3); labels without a colour (void) become dark grey.

    Args:
        mask: (H, W) uint8 class indices.
        colors: (C, 3) uint8 RGB.
    """
    palette = np.full((256, 3), VOID_COLOR, dtype=np.uint8)
    palette[: len(colors)] = colors
    return palette[mask]


def overlay(image: Picture, mask: Picture, colors: Picture, opacity: float = 0.55) -> Picture:
    """The image (H, W, 3) with the class colours of ``mask`` (H, W) over it, at ``opacity`` in [0, 1]."""
    return _blend(image, colorize(mask, colors), opacity)


def error_map(image: Picture, truth: Picture, pred: Picture, num_classes: int, priority: Sequence[int]) -> Picture:
    """Where ``pred`` is wrong, over the greyed image: colours of ``ERROR_COLORS``; void stays dark.

    A pixel that both misses one priority class and hallucinates another counts as missed.
    """
    grey = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)  # (H, W, 3)
    picture: Picture = (140 + 0.4 * grey).astype(np.uint8)
    void = truth >= num_classes
    wrong = (truth != pred) & ~void
    missed, hallucinated, other = ERROR_COLORS.values()
    picture[wrong] = other
    picture[wrong & np.isin(pred, priority)] = hallucinated
    picture[wrong & np.isin(truth, priority)] = missed
    picture[void] = VOID_COLOR
    return picture


def _blend(image: Picture, top: Picture, opacity: float) -> Picture:
    blended: Picture = np.rint((1 - opacity) * image + opacity * top).astype(np.uint8)
    return blended
