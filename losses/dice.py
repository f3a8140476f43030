"""Soft Dice over the classes present in the batch."""

from __future__ import annotations

from torch import Tensor

from losses.base import PixelLoss


class DiceLoss(PixelLoss):
    """Mean over the classes present in the target of 1 - 2 |P and T| / (|P| + |T|), P the soft prediction.

    Paper: Milletari et al., "V-Net", 3DV 2016, with |P| in place of |P|^2 and the sums taken over the batch.
    Shapes: logits (N, C, H, W), target (N, H, W), result a scalar in [0, 1].
    Reduction: sums over all pixels of the batch per class, then the plain mean over the classes that occur in it;
    duplicating the batch changes nothing. It takes no class weights, because all classes count equally.
    Void pixels count in neither P nor T. Absent classes are not in the mean (pixels wrongly predicted as an absent
    class lower the Dice of their true class). A batch of only void pixels gives 0 with a zero gradient.
    """

    def __init__(self, ignore_index: int = 255) -> None:
        super().__init__(None, ignore_index)

    def from_log_probs(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of log_probs (N, C, H, W) float32 against target (N, H, W) int64."""
        num_classes = log_probs.shape[1]
        valid = target != self.ignore_index
        index = target.where(valid, target.new_zeros(()))
        probs = log_probs.exp()
        p_true = probs.gather(1, index.unsqueeze(1)).squeeze(1) * valid  # (N, H, W)
        zeros = probs.new_zeros(num_classes)
        overlap = zeros.scatter_add(0, index.flatten(), p_true.flatten())  # (C,)
        truth = zeros.scatter_add(0, index.flatten(), valid.flatten().float())  # (C,)
        predicted = (probs * valid.unsqueeze(1)).sum((0, 2, 3))  # (C,)
        present = truth > 0
        loss = 1 - 2 * overlap / (predicted + truth).clamp(min=1e-7)
        return (loss * present).sum() / present.sum().clamp(min=1)
