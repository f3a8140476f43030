"""Losses for segmentation: one file per loss, and `build_loss`, which builds one by its name, or a weighted sum.

All take logits (N, C, H, W) and a target (N, H, W) of class indices, ignore void pixels, and return a scalar.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from torch import Tensor

from losses.base import PixelLoss
from losses.ce import CrossEntropyLoss
from losses.dice import DiceLoss
from losses.focal import FocalLoss
from losses.weighted import WeightedLoss

__all__ = ["LOSSES", "CrossEntropyLoss", "DiceLoss", "FocalLoss", "PixelLoss", "WeightedLoss", "build_loss"]

LOSSES: dict[str, Callable[..., PixelLoss]] = {"ce": CrossEntropyLoss, "focal": FocalLoss, "dice": DiceLoss}


def build_loss(
    loss: str | Mapping[str, float],
    class_weights: Tensor | None = None,
    ignore_index: int = 255,
    focal_gamma: float = 2.0,
) -> PixelLoss:
    """The loss named `loss`, or the weighted sum `{name: weight, …}`.

    class_weights: (C,) >= 0, the weight of a pixel by its true class, for cross-entropy and focal loss. Dice ignores
    them, because it weights all classes equally. Raises ValueError for an unknown name or a weight that is not > 0.
    """
    spec = {loss: 1.0} if isinstance(loss, str) else dict(loss)
    if not spec:
        raise ValueError(f"loss: {loss!r} does not name a loss; choose from {', '.join(LOSSES)}")
    for name, weight in spec.items():
        if name not in LOSSES:
            raise ValueError(f"loss: {name!r} is unknown; choose from {', '.join(LOSSES)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
            raise ValueError(f"loss: weight {weight!r} of {name!r} is not allowed; use a number > 0 or leave it out")
    settings: dict[str, dict[str, object]] = {
        "ce": {"class_weights": class_weights},
        "focal": {"class_weights": class_weights, "gamma": focal_gamma},
    }
    terms = {name: LOSSES[name](ignore_index=ignore_index, **settings.get(name, {})) for name in spec}
    if list(spec.values()) == [1]:
        return terms.popitem()[1]
    return WeightedLoss({name: (float(spec[name]), term) for name, term in terms.items()})
