"""Plain UNet, trained from scratch: its own encoder instead of a backbone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.network import SegmentationModel
from models.unet import assemble, conv_bn_relu

CHANNELS = (32, 64, 128, 256, 512)


def build_plain_unet(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """UNet with its own encoder, whatever `backbone` says; images are scaled to [-1, 1]. ValueError for weights."""
    if weights not in ("none", "auto"):
        raise ValueError(f"weights: {weights!r} is not allowed, because plain_unet trains from scratch; use none")
    half = torch.full((1, 3, 1, 1), 0.5)
    return assemble(PlainEncoder(), CHANNELS, 2, (half, half.clone()), num_classes, crp)


class PlainEncoder(nn.Module):
    """Two convolutions per level, the first of them with stride 2: feature maps at 1/2, 1/4, … 1/32."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            nn.Sequential(conv_bn_relu(before, after, stride=2), conv_bn_relu(after, after))
            for before, after in zip((3, *channels[:-1]), channels, strict=True)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps of normalised images (N, 3, H, W), finest first."""
        features = [images]
        for level in self.levels:
            features.append(level(features[-1]))
        return features[1:]
