"""Losses for segmentation and depth: one file per loss, and functions that build one by its name, or a weighted sum.

Those for segmentation take logits (N, C, H, W) and a target (N, H, W) of class indices; those for depth take depth and
a target (N, H, W) in metres. All ignore pixels without truth, and return a scalar. `TaskLoss` adds up both kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from losses.base import PixelLoss
from losses.berhu import BerHuLoss
from losses.boundary import BoundaryLoss
from losses.build_depth import DEPTH_LOSSES, build_depth_loss
from losses.ce import CrossEntropyLoss
from losses.depth import DepthLoss, WeightedDepthLoss
from losses.dice import DiceLoss
from losses.focal import FocalLoss
from losses.log_l1 import LogL1Loss
from losses.ohem import OhemLoss
from losses.silog import SILogLoss
from losses.tasks import TaskLoss
from losses.weighted import WeightedLoss, weights_of

__all__ = ["DEPTH_LOSSES", "LOSSES", "BerHuLoss", "BoundaryLoss", "CrossEntropyLoss", "DepthLoss", "DiceLoss"]
__all__ += ["FocalLoss", "LogL1Loss", "OhemLoss", "PixelLoss", "SILogLoss", "TaskLoss", "WeightedDepthLoss"]
__all__ += ["WeightedLoss", "build_depth_loss", "build_loss"]

LOSSES: dict[str, Callable[..., PixelLoss]] = {
    "ce": CrossEntropyLoss,
    "focal": FocalLoss,
    "ohem": OhemLoss,
    "boundary": BoundaryLoss,
    "dice": DiceLoss,
}


def build_loss(
    loss: str | Mapping[str, float],
    class_weights: Tensor | None = None,
    ignore_index: int = 255,
    focal_gamma: float = 2.0,
    ohem_threshold: float = 0.7,
    ohem_min_kept: float = 0.0625,
    boundary_width: int = 3,
) -> PixelLoss:
    """The loss named `loss`, or the weighted sum `{name: weight, …}`.

    class_weights: (C,) >= 0, the weight of a pixel by its true class. Dice ignores them, because it weighs all classes
    equally. Raises ValueError for an unknown name or a weight that is not > 0.
    """
    spec = weights_of("loss", loss, LOSSES)
    weighted = {"class_weights": class_weights}
    settings: dict[str, dict[str, object]] = {
        "ce": {**weighted},
        "focal": {**weighted, "gamma": focal_gamma},
        "ohem": {**weighted, "threshold": ohem_threshold, "min_kept": ohem_min_kept},
        "boundary": {**weighted, "width": boundary_width},
    }
    terms = {name: LOSSES[name](ignore_index=ignore_index, **settings.get(name, {})) for name in spec}
    if list(spec.values()) == [1]:
        return terms.popitem()[1]
    return WeightedLoss({name: (spec[name], term) for name, term in terms.items()})
