"""MiT, SegFormer's encoder: four stages of transformer blocks at strides 4, 8, 16 and 32.

Paper: Xie et al., "SegFormer", NeurIPS 2021. Parameters have the names of the published weights.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from timm.layers import DropPath, trunc_normal_
from torch import Tensor, nn

HEADS = (1, 2, 5, 8)
REDUCTIONS = (8, 4, 2, 1)  # keys and values are pooled to stride 32 at every stage
EXPANSION = 4
DROP_PATH = 0.1  # rate of the last block; the rate grows linearly from 0
EPS = 1e-6


class Stages(NamedTuple):
    """Channels and number of blocks of the four stages."""

    widths: tuple[int, int, int, int]
    depths: tuple[int, int, int, int]

    def channels(self) -> list[int]:
        """Of the feature maps, finest first; named as in timm's feature_info."""
        return list(self.widths)

    def reduction(self) -> list[int]:
        """Strides of the feature maps."""
        return [4, 8, 16, 32]


MIT = {
    "mit_b0": Stages((32, 64, 160, 256), (2, 2, 2, 2)),
    "mit_b1": Stages((64, 128, 320, 512), (2, 2, 2, 2)),
    "mit_b2": Stages((64, 128, 320, 512), (3, 4, 6, 3)),
}


class MixTransformer(nn.Module):
    """Normalised images (N, 3, H, W), sides multiples of 32, to feature maps (N, C_i, H / s, W / s), s = 4, 8, 16, 32.

    Maps are channels_last in memory throughout, so that (N, H, W, C) for the linear layers is a view.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.feature_info = MIT[name]
        widths, depths = MIT[name]
        rates = torch.linspace(0, DROP_PATH, sum(depths)).tolist()
        borders = [0, *accumulate(depths)]
        for stage, (start, end) in enumerate(pairwise(borders)):
            before, channels = (3, *widths)[stage : stage + 2]
            kernel, stride = (7, 4) if stage == 0 else (3, 2)
            blocks = (Block(channels, HEADS[stage], REDUCTIONS[stage], rate) for rate in rates[start:end])
            self.add_module(f"patch_embed{stage + 1}", PatchEmbed(before, channels, kernel, stride))
            self.add_module(f"block{stage + 1}", nn.Sequential(*blocks))
            self.add_module(f"norm{stage + 1}", nn.LayerNorm(channels, eps=EPS))
        self.apply(_initialise)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps of normalised images (N, 3, H, W), finest first."""
        features, x = [], images
        for stage in range(1, len(HEADS) + 1):
            tokens = self.get_submodule(f"patch_embed{stage}")(x)  # (N, h, w, C)
            tokens = self.get_submodule(f"norm{stage}")(self.get_submodule(f"block{stage}")(tokens))
            x = tokens.permute(0, 3, 1, 2)  # (N, C, h, w)
            features.append(x)
        return features


class PatchEmbed(nn.Module):
    """Overlapping patches: maps (N, C, H, W) to tokens (N, h, w, channels)."""

    def __init__(self, inputs: int, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, channels, kernel, stride, padding=kernel // 2)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens of a map."""
        tokens: Tensor = self.norm(self.proj(x).permute(0, 2, 3, 1))
        return tokens


class Block(nn.Module):
    """Attention, then a feed-forward layer, each normalised before and added after; tokens (N, h, w, C)."""

    def __init__(self, channels: int, heads: int, reduction: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=EPS)
        self.attn = Attention(channels, heads, reduction)
        self.norm2 = nn.LayerNorm(channels, eps=EPS)
        self.mlp = MixFeedForward(channels)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens to tokens of the same shape."""
        x = x + self.drop_path(self.attn(self.norm1(x)))
        tokens: Tensor = x + self.drop_path(self.mlp(self.norm2(x)))
        return tokens


class Attention(nn.Module):
    """Attention of every token to the tokens of a map that is `reduction` times coarser."""

    def __init__(self, channels: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(channels, channels)
        self.kv = nn.Linear(channels, 2 * channels)
        self.proj = nn.Linear(channels, channels)
        self.reduction = reduction
        if reduction > 1:
            self.sr = nn.Conv2d(channels, channels, reduction, reduction)
            self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (N, h, w, C) to tokens of the same shape."""
        coarse = x
        if self.reduction > 1:
            coarse = self.norm(self.sr(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        query = self._split(self.q(x))  # (N, heads, h * w, C / heads)
        key, value = (self._split(half) for half in self.kv(coarse).chunk(2, dim=-1))
        # written out: with so few keys it trains two to four times faster on a CPU than scaled_dot_product_attention
        weights = (query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1)).softmax(-1)  # (N, heads, h * w, keys)
        seen = weights @ value
        tokens: Tensor = self.proj(seen.transpose(1, 2).reshape(x.shape))
        return tokens

    def _split(self, x: Tensor) -> Tensor:
        """Tokens (N, h, w, C) by head: (N, heads, h * w, C / heads)."""
        count, height, width, channels = x.shape
        return x.reshape(count, height * width, self.heads, channels // self.heads).transpose(1, 2)


class MixFeedForward(nn.Module):
    """Linear, depthwise 3x3 (which tells positions apart), GELU, linear; tokens (N, h, w, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = EXPANSION * channels
        self.fc1 = nn.Linear(channels, hidden)
        self.dwconv = DepthwiseConv(hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens to tokens of the same shape."""
        tokens: Tensor = self.fc2(F.gelu(self.dwconv(self.fc1(x))))
        return tokens


class DepthwiseConv(nn.Module):
    """A depthwise 3x3 convolution over tokens (N, h, w, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens to tokens of the same shape."""
        tokens: Tensor = self.dwconv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return tokens


def _initialise(module: nn.Module) -> None:
    """Initial weights as published: small for linear layers, by fan-out for convolutions, and 0 for biases."""
    if isinstance(module, nn.Linear):
        trunc_normal_(module.weight, std=0.02)
    elif isinstance(module, nn.Conv2d):
        outputs = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=(2.0 / outputs) ** 0.5)
    if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
        nn.init.zeros_(module.bias)
