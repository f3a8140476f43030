"""A weighted sum of losses."""

from __future__ import annotations

from collections.abc import Mapping

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
