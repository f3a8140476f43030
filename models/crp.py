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
            path = conv(F.max_pool2d(path, kernel_size=5, stride=1, padding=2))
            total = total + path
        return total
