"""Cross-entropy of the hard pixels."""

from __future__ import annotations

import math

from torch import Tensor

from losses.ce import CrossEntropyLoss


class OhemLoss(CrossEntropyLoss):
    """Cross-entropy over the hard pixels: those whose true class has a probability below `threshold`.

    If fewer than the share `min_kept` of the non-void pixels are below it, these are the pixels of lowest probability:
    k = ceil(min_kept * number of non-void pixels), and all that have the same probability as the k-th. With
    `threshold` 0 this is bootstrapped cross-entropy (Wu et al., "Bridging Category-level and Instance-level Semantic
    Image Segmentation", 2016); with `min_kept` 1 it is plain cross-entropy.

    Paper: Shrivastava et al., "Training Region-based Object Detectors with Online Hard Example Mining", CVPR 2016; for
    pixels with the threshold 0.7 and a least share of 1/16 in the code of BiSeNet (Yu et al., ECCV 2018).
    Shapes: logits (N, C, H, W), target (N, H, W), result a scalar in [0, inf).
    Reduction: the weighted mean of cross-entropy over the hard pixels of the whole batch, with the class weights, which
    have no influence on the choice. The choice has no gradient.
    Void pixels are never hard. A batch of only void pixels gives 0 with a zero gradient.
    All shapes are fixed, and nothing is read back from the device: the loss can be captured in a CUDA graph.
    """

    def __init__(
        self,
        class_weights: Tensor | None = None,
        ignore_index: int = 255,
        threshold: float = 0.7,
        min_kept: float = 0.0625,
    ) -> None:
        super().__init__(class_weights, ignore_index)
        if not 0 <= threshold <= 1:
            raise ValueError(f"ohem_threshold: {threshold} is not allowed; use a probability in [0, 1], such as 0.7")
        if not 0 < min_kept <= 1:
            raise ValueError(f"ohem_min_kept: {min_kept} is not allowed; use a share above 0 and at most 1")
        self.least = math.log(threshold) if threshold else -math.inf
        self.min_kept = min_kept

    def from_log_probs(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of log_probs (N, C, H, W) float32 against target (N, H, W) int64."""
        return super().from_log_probs(log_probs, target.masked_fill(~self.hard(log_probs, target), self.ignore_index))

    def hard(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Which pixels are hard, (N, H, W) bool."""
        valid = target != self.ignore_index
        index = target.masked_fill(~valid, 0).unsqueeze(1)
        log_p = log_probs.detach().gather(1, index).squeeze(1).masked_fill(~valid, math.inf)  # (N, H, W)
        most = max(1, self._kept(log_p.numel()))  # of any batch of this size, which has no more valid pixels
        lowest = log_p.flatten().topk(most, largest=False).values
        wanted = (self.min_kept * valid.sum().double() - 1e-6).ceil().long().clamp(min=1)  # as `_kept`
        limit = lowest.gather(0, wanted.unsqueeze(0) - 1)
        return valid & ((log_p < self.least) | (log_p <= limit))

    def _kept(self, pixels: int) -> int:
        """The least number of hard pixels; a millionth of a pixel is taken off, so that 0.1 of 30 is 3."""
        return math.ceil(self.min_kept * pixels - 1e-6)
