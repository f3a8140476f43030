"""Masks as pictures: class colours, overlays, and the error map."""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
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
    return np.asarray(cv2.LUT(cv2.merge((mask, mask, mask)), palette[None]), np.uint8)


def overlay(image: Picture, mask: Picture, colors: Picture, opacity: float = 0.55) -> Picture:
    """The image (H, W, 3) with the class colours of ``mask`` (H, W) over it, at ``opacity`` in [0, 1]."""
    return np.asarray(cv2.addWeighted(image, 1 - opacity, colorize(mask, colors), opacity, 0), np.uint8)


def error_map(image: Picture, truth: Picture, pred: Picture, num_classes: int, priority: Sequence[int]) -> Picture:
    """Where ``pred`` is wrong, over the greyed image: colours of ``ERROR_COLORS``; void stays dark.

    A pixel that both misses one priority class and hallucinates another counts as missed.
    """
    matters = np.isin(np.arange(256), priority)
    kind = np.where(matters[pred], 2, 3).astype(np.uint8)
    kind[matters[truth]] = 1
    kind[truth == pred] = 0
    kind[truth >= num_classes] = 4  # void, which has no colour
    drawn = colorize(kind, np.array([(0, 0, 0), *ERROR_COLORS.values()], np.uint8))  # (H, W, 3)
    grey = cv2.transform(image, np.full((3, 3), 0.4 / 3)) + np.uint8(140)
    return np.where(kind[:, :, None] > 0, drawn, grey)
