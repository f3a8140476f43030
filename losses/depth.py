"""What every depth loss shares: valid pixels, float32, and that each image counts only where it has its truth."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class DepthLoss(nn.Module):
    """A scalar loss of depth (N, H, W) > 0 and a target (N, H, W) in the same unit, metres.

    A pixel is valid if its target is finite and above 0. Only valid pixels count, in value and gradient; a batch
    without any gives 0 with a zero gradient. Subclasses implement `from_valid`.

    Attributes:
        depth_range: the smallest and the largest depth that can be predicted; a target beyond it counts as its end.
    """

    depth_range = (0.0, math.inf)

    def forward(self, depth: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of depth (N, H, W) against target (N, H, W), NaN where it is unknown; float32 under autocast."""
        if depth.ndim != 3 or depth.shape != target.shape:
            raise ValueError(
                f"the shapes of depth {tuple(depth.shape)} and target {tuple(target.shape)} do not match: both must be "
                "(N, H, W)"
            )
        with torch.autocast(depth.device.type, enabled=False):
            return self.from_valid(depth.float(), target.float().clamp(*self.depth_range), is_valid(target))

    def from_valid(self, depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Scalar loss of depth and target (N, H, W) float32, where valid (N, H, W) bool; else target is anything."""
        raise NotImplementedError


class WeightedDepthLoss(DepthLoss):
    """Sum of weight * loss over its terms. Range: the weighted sum of the terms' ranges."""

    def __init__(self, terms: Mapping[str, tuple[float, DepthLoss]]) -> None:
        super().__init__()
        self.weights = {name: weight for name, (weight, _) in terms.items()}
        self.terms = nn.ModuleDict({name: term for name, (_, term) in terms.items()})

    def from_valid(self, depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Scalar loss of depth and target (N, H, W) float32, where valid (N, H, W) bool."""
        total = depth.new_zeros(())
        for name, term in self.terms.items():
            assert isinstance(term, DepthLoss)
            total = total + self.weights[name] * term.from_valid(depth, target, valid)
        return total


def is_valid(target: Tensor) -> Tensor:
    """Where a depth map (N, H, W) is known: finite and above 0."""
    return torch.isfinite(target) & (target > 0)


def mean_of_valid(values: Tensor, valid: Tensor) -> Tensor:
    """The mean (N,) of the valid pixels of each image (N, H, W); 0 for an image without any."""
    return values.where(valid, values.new_zeros(())).sum((1, 2)) / valid.sum((1, 2)).clamp(min=1)
