"""The losses of depth by their names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from losses.berhu import BerHuLoss
from losses.depth import DepthLoss, WeightedDepthLoss
from losses.log_l1 import LogL1Loss
from losses.silog import SILogLoss
from losses.weighted import weights_of

DEPTH_LOSSES: dict[str, Callable[[], DepthLoss]] = {"silog": SILogLoss, "berhu": BerHuLoss, "log_l1": LogL1Loss}


def build_depth_loss(
    depth_loss: str | Mapping[str, float], depth_min: float = 0.0, depth_max: float = math.inf
) -> DepthLoss:
    """The depth loss of that name, or the weighted sum `{name: weight, …}`. Raises ValueError as `build_loss` does.

    depth_min, depth_max: the range of what is predicted; a target beyond an end counts as this end.
    """
    spec = weights_of("depth_loss", depth_loss, DEPTH_LOSSES)
    terms = {name: (weight, DEPTH_LOSSES[name]()) for name, weight in spec.items()}
    built = terms.popitem()[1][1] if list(spec.values()) == [1] else WeightedDepthLoss(terms)
    built.depth_range = (depth_min, depth_max)
    return built
