"""Chained residual pooling."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class ChainedResidualPooling(nn.Module):
    """A chain of pooling blocks whose results are added up: context from ever larger windows at the same size.

    Each block pools 5x5 at stride 1 and convolves 3x3; it works on the block before it, and adds to the sum.
    Shapes: (N, C, H, W) to (N, C, H, W). Paper: Lin et al., "RefineNet", CVPR 2017, section 3.2.
    """

    def __init__(self, channels: int, blocks: int = 2) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        """Pool features (N, C, H, W) along the chain; the size stays."""
        total = path = F.relu(x)
        for conv in self.convs:
            path = conv(_pool5x5(path))
            total = total + path
        return total


def _pool5x5(x: Tensor) -> Tensor:
    """The maximum over 5x5 windows, same size: first along rows, then along columns, 10 comparisons instead of 25."""
    rows = F.max_pool2d(x, kernel_size=(1, 5), stride=1, padding=(0, 2))
    return F.max_pool2d(rows, kernel_size=(5, 1), stride=1, padding=(2, 0))


def refuse_crp(crp: bool) -> None:
    """Raise ValueError if chained residual pooling is requested from an architecture that does not support it."""
    if crp:
        raise ValueError(
            "crp: True is not allowed here, because only unet, plain_unet and hydra have chained residual pooling; "
            "use False"
        )
