"""Scale-invariant logarithmic loss of depth."""

from __future__ import annotations

from torch import Tensor

from losses.depth import DepthLoss, mean_of_valid

EPS = 1e-6  # keeps the gradient of the root finite where an image is predicted exactly


class SILogLoss(DepthLoss):
    """Mean over the images of sqrt(mean(d²) - focus * mean(d)²), d = log depth - log target.

    Paper: Eigen et al., "Depth Map Prediction from a Single Image using a Multi-Scale Deep Network", NeurIPS 2014,
    with focus 0.5 and without the root; root and focus 0.85 are those of BTS (Lee et al., 2019), without its factor 10.
    With focus 1 the scale of an image would not count; with 0 it is the RMSE of the logarithm.
    Shapes: depth (N, H, W), target (N, H, W), result a scalar in [0, inf).
    Reduction: per image over its valid pixels, then the plain mean over the images that have any.
    """

    def __init__(self, focus: float = 0.85) -> None:
        super().__init__()
        if not 0 <= focus < 1:
            raise ValueError(f"focus: {focus} is not allowed; use a number >= 0 and < 1, 0.85 as in the paper")
        self.focus = focus

    def from_valid(self, depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Scalar loss of depth and target (N, H, W) float32, where valid (N, H, W) bool."""
        one = depth.new_ones(())
        error = depth.where(valid, one).log() - target.where(valid, one).log()
        mean = mean_of_valid(error, valid)  # (N,)
        variance = mean_of_valid((error - mean[:, None, None]).square(), valid)
        squared = variance + (1 - self.focus) * mean.square()  # the same sum, and never below 0
        loss = (squared + EPS**2).sqrt() - EPS
        return loss.sum() / valid.any(2).any(1).sum().clamp(min=1)
