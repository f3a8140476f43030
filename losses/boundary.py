"""Cross-entropy of the pixels near a border between classes."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from losses.ce import CrossEntropyLoss


class BoundaryLoss(CrossEntropyLoss):
    """Cross-entropy over the pixels near a border: those with a pixel of another class at most `width` rows and columns
    away.

    As a term of a sum, {ce: 1, boundary: b}, it weighs the pixels near borders more, as the weight map of U-Net does
    (Ronneberger et al., MICCAI 2015), and both terms keep their share whatever the number of such pixels.

    Shapes: logits (N, C, H, W), target (N, H, W), result a scalar in [0, inf).
    Reduction: the weighted mean of cross-entropy over the pixels near borders of the whole batch, with class weights.
    Void pixels do not count, and void beside a class is no border. A batch without a border gives 0, with a zero
    gradient.
    All shapes are fixed, and nothing is read back from the device: the loss can be captured in a CUDA graph.
    """

    def __init__(self, class_weights: Tensor | None = None, ignore_index: int = 255, width: int = 3) -> None:
        super().__init__(class_weights, ignore_index)
        if width < 1:
            raise ValueError(f"boundary_width: {width} is not allowed; use a number of pixels from 1")
        self.width = width

    def from_log_probs(self, log_probs: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of log_probs (N, C, H, W) float32 against target (N, H, W) int64."""
        return super().from_log_probs(log_probs, target.masked_fill(~self.near(target), self.ignore_index))

    def near(self, target: Tensor) -> Tensor:
        """Which pixels are near a border, (N, H, W) bool."""
        void = target == self.ignore_index
        highest = self._largest(target.masked_fill(void, -1).float())
        lowest = -self._largest(-target.masked_fill(void, 1 << 20).float())
        return ~void & (highest != lowest)

    def _largest(self, values: Tensor) -> Tensor:
        """The largest value (N, H, W) in the square around each pixel."""
        across = F.max_pool2d(values, (1, 2 * self.width + 1), 1, (0, self.width))
        return F.max_pool2d(across, (2 * self.width + 1, 1), 1, (self.width, 0))
