"""A weighted sum of losses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from losses.base import PixelLoss, check_shapes


class WeightedLoss(PixelLoss):
    """Sum of weight * loss over its terms, which share one log-softmax.

    Shapes, void and absent classes: as in the terms. Range: the weighted sum of the terms' ranges.
    """

    def __init__(self, terms: Mapping[str, tuple[float, PixelLoss]]) -> None:
        super().__init__()
        self.weights = {name: weight for name, (weight, _) in terms.items()}
        self.terms = nn.ModuleDict({name: term for name, (_, term) in terms.items()})

    def from_log_probs(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of log_probs (N, C, H, W) float32 against target (N, H, W) int64."""
        total = log_probs.new_zeros(())
        for name, term in self.terms.items():
            assert isinstance(term, PixelLoss)
            check_shapes(log_probs, target, term.class_weights)
            total = total + self.weights[name] * term.from_log_probs(log_probs, target)
        return total


def weights_of(setting: str, asked: str | Mapping[str, float], known: Iterable[str]) -> dict[str, float]:
    """The weight of each loss that a setting names. Raises ValueError for an unknown name or a weight not above 0."""
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
