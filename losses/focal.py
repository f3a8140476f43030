"""Multi-class focal loss."""

from __future__ import annotations

import torch
from torch import Tensor

from losses.base import PixelLoss
from losses.ce import pixel_weight


class FocalLoss(PixelLoss):
    """Mean over the non-void pixels of (1 - p)^gamma * -log p, p the probability of the true class.

    Paper: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, with softmax in place of the sigmoid.
    Shapes: logits (N, C, H, W), target (N, H, W), result a scalar in [0, inf).
    Reduction: as for cross-entropy, which it equals for gamma = 0; class weights replace alpha.
    Void pixels count in neither sum. A batch of only void pixels gives 0 with a zero gradient.
    Absent classes have no influence.
    """

    def __init__(self, class_weights: Tensor | None = None, ignore_index: int = 255, gamma: float = 2.0) -> None:
        super().__init__(class_weights, ignore_index)
        if not 0 <= gamma < float("inf"):
            raise ValueError(f"focal_gamma: {gamma} is not allowed; use a number >= 0, 2 as in the paper")
        self.gamma = gamma

    def from_log_probs(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of log_probs (N, C, H, W) float32 against target (N, H, W) int64."""
        valid = target != self.ignore_index
        index = target.where(valid, target.new_zeros(()))
        log_p = log_probs.gather(1, index.unsqueeze(1)).squeeze(1)  # (N, H, W)
        # 1 - p as -expm1(log p): exact where p is close to 1; the clamp keeps the gradient of x^gamma finite at 0.
        miss = -torch.expm1(log_p).clamp(max=-1e-7)
        loss = -log_p * miss.pow(self.gamma) * valid
        if self.class_weights is not None:
            loss = loss * self.class_weights[index]
        return loss.sum() / pixel_weight(target, self.class_weights, self.ignore_index)
