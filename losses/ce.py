"""Cross-entropy with class weights."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from losses.base import PixelLoss


class CrossEntropyLoss(PixelLoss):
    """Mean over the non-void pixels of -log p(true class).

    Shapes: logits (N, C, H, W), target (N, H, W), result a scalar in [0, inf).
    Reduction: with class weights w it is the weighted mean sum(w[t] * -log p[t]) / sum(w[t]) over the
    non-void pixels of the batch, as in torch: scaling all weights changes nothing.
    Void pixels count in neither sum. A batch of only void pixels gives 0 with a zero gradient.
    Absent classes have no influence.
    """

    def from_log_probs(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of log_probs (N, C, H, W) float32 against target (N, H, W) int64."""
        loss = F.nll_loss(log_probs, target, self.class_weights, ignore_index=self.ignore_index, reduction="sum")
        return loss / pixel_weight(target, self.class_weights, self.ignore_index)


def pixel_weight(target: Tensor, class_weights: Tensor | None, ignore_index: int) -> Tensor:
    """Sum of the class weights (1 each without) over the non-void pixels, a scalar; 1 where that would be 0."""
    valid = target != ignore_index
    if class_weights is None:
        return valid.sum().clamp(min=1).float()
    total = (class_weights[target.where(valid, target.new_zeros(()))] * valid).sum()
    return total.where(total > 0, total.new_ones(()))
