"""Inverse Huber loss of depth."""

from __future__ import annotations

from torch import Tensor

from losses.depth import DepthLoss

SHARE = 0.2  # of the largest error: the paper's 1/5


class BerHuLoss(DepthLoss):
    """Mean over the valid pixels of |e| where |e| <= c, else (e² + c²) / 2c, with e = depth - target in metres.

    c is a fifth of the largest |e| of the batch, and taken as a constant. Near pixels, whose errors are small, count by
    their absolute error, and large errors by their square.
    Paper: Laina et al., "Deeper Depth Prediction with Fully Convolutional Residual Networks", 3DV 2016.
    Shapes: depth (N, H, W), target (N, H, W), result a scalar in [0, inf), in metres.
    Reduction: the mean over the valid pixels of the batch.
    """

    def from_valid(self, depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Scalar loss of depth and target (N, H, W) float32, where valid (N, H, W) bool."""
        error = (depth - target).where(valid, depth.new_zeros(())).abs()
        limit = (SHARE * error.detach().amax()).clamp(min=1e-6)
        loss = error.where(error <= limit, (error.square() + limit.square()) / (2 * limit))
        return loss.sum() / valid.sum().clamp(min=1)
