"""What every pixel loss shares: float32 log-probabilities, void pixels, and the class weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WithAuxiliary = tuple[Tensor, tuple[Tensor, ...], float]  # logits, auxiliary logits of the same shape, their weight


class PixelLoss(nn.Module):
    """A loss over logits (N, C, H, W) and a target (N, H, W) of class indices; a scalar comes back.

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

        Logits with auxiliary ones: their loss, and `weight` times the loss of each auxiliary one, in one sum.
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
    """Class weights (C,) as float32; ValueError where one is negative or not finite, or all are zero."""
    if class_weights is None:
        return None
    weights = class_weights.detach().float().clone()
    if weights.ndim != 1 or not bool(torch.isfinite(weights).all()) or bool((weights < 0).any()) or weights.sum() <= 0:
        raise ValueError(
            f"class_weights: {class_weights.tolist()} must be one finite number >= 0 per class, not all of them 0"
        )
    return weights


def check_shapes(logits: Tensor, target: Tensor, class_weights: Tensor | None) -> None:
    """ValueError where logits (N, C, H, W), target (N, H, W) and weights (C,) do not fit one another."""
    if logits.ndim != 4 or target.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(
            f"logits {tuple(logits.shape)} and target {tuple(target.shape)} do not fit: "
            "expected (N, C, H, W) and (N, H, W)"
        )
    if class_weights is not None and len(class_weights) != logits.shape[1]:
        raise ValueError(f"class_weights holds {len(class_weights)} numbers, the logits have {logits.shape[1]} classes")
