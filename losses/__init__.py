"""Losses for segmentation and depth: one file per loss, and functions that build one by its name, or a weighted sum.

Those for segmentation take logits (N, C, H, W) and a target (N, H, W) of class indices; those for depth take depth and
a target (N, H, W) in metres. All ignore pixels without truth, and return a scalar. `TaskLoss` adds up both kinds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from torch import Tensor

from losses.base import PixelLoss
from losses.berhu import BerHuLoss
from losses.ce import CrossEntropyLoss
from losses.depth import DepthLoss, WeightedDepthLoss
from losses.dice import DiceLoss
from losses.focal import FocalLoss
from losses.log_l1 import LogL1Loss
from losses.silog import SILogLoss
from losses.tasks import TaskLoss
from losses.weighted import WeightedLoss

__all__ = ["DEPTH_LOSSES", "LOSSES", "BerHuLoss", "CrossEntropyLoss", "DepthLoss", "DiceLoss", "FocalLoss", "PixelLoss"]
__all__ += ["LogL1Loss", "SILogLoss", "TaskLoss", "WeightedDepthLoss", "WeightedLoss", "build_depth_loss", "build_loss"]

LOSSES: dict[str, Callable[..., PixelLoss]] = {"ce": CrossEntropyLoss, "focal": FocalLoss, "dice": DiceLoss}
DEPTH_LOSSES: dict[str, Callable[[], DepthLoss]] = {"silog": SILogLoss, "berhu": BerHuLoss, "log_l1": LogL1Loss}


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
    spec = _weights("loss", loss, LOSSES)
    settings: dict[str, dict[str, object]] = {
        "ce": {"class_weights": class_weights},
        "focal": {"class_weights": class_weights, "gamma": focal_gamma},
    }
    terms = {name: LOSSES[name](ignore_index=ignore_index, **settings.get(name, {})) for name in spec}
    if list(spec.values()) == [1]:
        return terms.popitem()[1]
    return WeightedLoss({name: (spec[name], term) for name, term in terms.items()})


def build_depth_loss(
    depth_loss: str | Mapping[str, float], depth_min: float = 0.0, depth_max: float = math.inf
) -> DepthLoss:
    """The depth loss of that name, or the weighted sum `{name: weight, …}`. Raises ValueError as `build_loss` does.

    depth_min, depth_max: the range of what is predicted; a target beyond an end counts as this end.
    """
    spec = _weights("depth_loss", depth_loss, DEPTH_LOSSES)
    terms = {name: (weight, DEPTH_LOSSES[name]()) for name, weight in spec.items()}
    built = terms.popitem()[1][1] if list(spec.values()) == [1] else WeightedDepthLoss(terms)
    built.depth_range = (depth_min, depth_max)
    return built


def _weights(setting: str, asked: str | Mapping[str, float], known: Iterable[str]) -> dict[str, float]:
    """The weight of each loss that a setting names."""
    spec = {asked: 1.0} if isinstance(asked, str) else dict(asked)
    if not spec:
        raise ValueError(f"{setting}: {asked!r} does not name a loss; choose from {', '.join(known)}")
    for name, weight in spec.items():
        if name not in known:
            raise ValueError(f"{setting}: {name!r} is unknown; choose from {', '.join(known)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
            raise ValueError(
                f"{setting}: weight {weight!r} of {name!r} is not allowed; use a number > 0 or leave it out"
            )
    return {name: float(weight) for name, weight in spec.items()}
