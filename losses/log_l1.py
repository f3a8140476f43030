"""Mean absolute error of the logarithm of depth."""

from __future__ import annotations

from torch import Tensor

from losses.depth import DepthLoss, mean_of_valid


class LogL1Loss(DepthLoss):
    """Mean over the images of mean |log depth - log target|.

    It is a relative error, near and far. A pixel that is wrong by far, such as one beside an edge, counts by its error
    and not by its square, so the loss goes after the share of pixels that are nearly right (delta < 1.25).
    Paper: Carvalho et al., "On Regression Losses for Deep Depth Estimation", ICIP 2018, compares it with others.
    Shapes: depth (N, H, W), target (N, H, W), result a scalar in [0, inf).
    Reduction: per image over its valid pixels, then the plain mean over the images that have any.
    """

    def from_valid(self, depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Scalar loss of depth and target (N, H, W) float32, where valid (N, H, W) bool."""
        one = depth.new_ones(())
        error = depth.where(valid, one).log() - target.where(valid, one).log()
        return mean_of_valid(error.abs(), valid).sum() / valid.any(2).any(1).sum().clamp(min=1)
