"""mIoU and priority Dice as means over classes, for a split, for a drive, and for a split without some frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from files.headlines import MIOU, PRIORITY_DICE

Floats = NDArray[np.float64]
MEANS = (MIOU.key, PRIORITY_DICE.key)


def headline_means(ious: Floats, dices: Floats, priority: Sequence[int]) -> dict[str, Any]:
    """``miou`` and ``priority_dice``, (...) each.

    Args:
        ious: (..., C), NaN if a class is in neither the truth nor the prediction; such a class is not in the mean.
        dices: (..., C), the same for Dice.
        priority: indices of the priority classes; without any, ``priority_dice`` is NaN.
    """
    return {MIOU.key: known_mean(ious), PRIORITY_DICE.key: known_mean(dices[..., list(priority)])}


def known_mean(scores: Floats) -> Any:
    """Mean over the last axis (..., C) of the scores that are not NaN; NaN if none is left."""
    known = ~np.isnan(scores)
    total, count = np.where(known, scores, 0.0).sum(-1), known.sum(-1)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)[()]
