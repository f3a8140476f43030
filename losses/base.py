"""What every pixel loss shares: float32 log-probabilities, void pixels, and the class weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WithAuxiliary = tuple[Tensor, tuple[Tensor, ...], float]  # logits, auxiliary logits of the same shape, their weight


class PixelLoss(nn.Module):
    """A scalar loss of logits (N, C, H, W) and a target (N, H, W) of class indices.

    The log-softmax is taken once, in float32 even under autocast; subclasses implement `from_log_probs`,
    so that a weighted sum of losses shares it.
    """

    class_weights: Tensor | None

    def __init__(self, class_weights: Tensor | None = None, ignore_index: int = 255) -> None:
        super().__init__()
        self.ignore_index = ignore_index
        self.register_buffer("class_weights", check_weights(class_weights), persistent=False)

    def forward(self, logits: Tensor | WithAuxiliary, target: Tensor) -> Tensor:
        """Scalar loss of logits (N, C, H, W) float against target (N, H, W) integer; void pixels do not count.

        With auxiliary logits, it is the loss of the logits plus `weight` times the loss of each auxiliary one.
        """
        if not isinstance(logits, Tensor):
            logits, auxiliary, weight = logits
            return self.forward(logits, target) + weight * sum(self.forward(more, target) for more in auxiliary)
        check_shapes(logits, target, self.class_weights)
        with torch.autocast(logits.device.type, enabled=False):
            return self.from_log_probs(F.log_softmax(logits.float(), dim=1), target.long())

    def from_log_probs(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of log_probs (N, C, H, W) float32 against target (N, H, W) int64."""
        raise NotImplementedError


def check_weights(class_weights: Tensor | None) -> Tensor | None:
    """Class weights (C,) as float32; raises ValueError if one is negative or not finite, or if all are zero."""
    if class_weights is None:
        return None
    weights = class_weights.detach().float().clone()
    if weights.ndim != 1 or not bool(torch.isfinite(weights).all()) or bool((weights < 0).any()) or weights.sum() <= 0:
        raise ValueError(
            f"class_weights: {class_weights.tolist()} is not allowed; give a finite number >= 0 per class, not all 0"
        )
    return weights


def check_shapes(logits: Tensor, target: Tensor, class_weights: Tensor | None) -> None:
    """Raise ValueError if logits (N, C, H, W), target (N, H, W) and weights (C,) do not match."""
    if logits.ndim != 4 or target.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(
            f"the shapes of logits {tuple(logits.shape)} and target {tuple(target.shape)} do not match: "
            "(N, C, H, W) and (N, H, W) are expected"
        )
    if class_weights is not None and len(class_weights) != logits.shape[1]:
        raise ValueError(
            f"class_weights has {len(class_weights)} numbers, but the logits have {logits.shape[1]} classes"
        )
