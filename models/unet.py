"""UNet over any timm backbone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.backbones import build_backbone, normalisation
from models.crp import ChainedResidualPooling
from models.network import SegmentationModel

# Channels of the decoder, deepest map first. The largest maps get the fewest channels, because they take the most time.
WIDTHS = (256, 128, 64, 32)


def build_unet(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """UNet over the timm backbone of that name, with or without chained residual pooling."""
    network: Any = build_backbone(backbone, weights)
    info = network.feature_info
    return assemble(network, info.channels(), info.reduction()[0], normalisation(backbone), num_classes, crp)


def assemble(
    backbone: nn.Module,
    channels: Sequence[int],
    reduction: int,
    stats: tuple[Tensor, Tensor],
    num_classes: int,
    crp: bool,
) -> SegmentationModel:
    """UNet over a backbone whose feature maps have these channels, finest first. The finest is at 1/`reduction`.

    stats: mean and std (1, 3, 1, 1) of the backbone's images.
    """
    decoder = UNetDecoder(channels, crp)
    head = SubPixelHead(decoder.out_channels, num_classes, reduction)
    return SegmentationModel(backbone, decoder, head, stats)


class UNetDecoder(nn.Module):
    """Feature maps, finest first, to one map of the finest one's size with `out_channels` channels.

    Paper: Ronneberger et al., "U-Net", MICCAI 2015. Two things differ for speed: maps wider than the decoder are first
    projected 1x1, and decoding ends at the finest feature map (stride 2 for most backbones), a quarter of the pixels;
    the head predicts the finer ones from there, so that thin poles and signs are not blurred away.
    Chained residual pooling, if any, follows the projection of every skip and of the bottleneck.
    """

    def __init__(self, channels: Sequence[int], crp: bool = False) -> None:
        super().__init__()
        skips = list(channels[:-1])[::-1]  # deepest first
        widths = [*WIDTHS, *[WIDTHS[-1]] * len(skips)][: len(skips)]
        self.bottleneck = Lateral(channels[-1], WIDTHS[0], crp)
        self.skips = nn.ModuleList(Lateral(skip, width, crp) for skip, width in zip(skips, widths, strict=True))
        self.blocks = nn.ModuleList()
        self.out_channels = self.bottleneck.out_channels
        for skip, width in zip(skips, widths, strict=True):
            inputs = self.out_channels + min(skip, width)
            self.blocks.append(nn.Sequential(conv_bn_relu(inputs, width), conv_bn_relu(width, width)))
            self.out_channels = width

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Decode the last of the maps (N, C_i, H_i, W_i), finest first, to (N, out_channels, H_0, W_0)."""
        features = features[-1 - len(self.skips) :]
        x: Tensor = self.bottleneck(features[-1])
        for feature, skip, block in zip(reversed(features[:-1]), self.skips, self.blocks, strict=True):
            x = F.interpolate(x, size=feature.shape[-2:], mode="nearest")
            x = block(torch.cat([x, skip(feature)], dim=1))
        return x


class Lateral(nn.Sequential):
    """A feature map on its way to the decoder: projected to `width` if it is wider, then pooled if `crp`."""

    def __init__(self, channels: int, width: int, crp: bool) -> None:
        out_channels = min(channels, width)
        layers: list[nn.Module] = []
        if channels > width:
            layers.append(conv_bn_relu(channels, width, kernel_size=1))
        if crp:
            layers.append(ChainedResidualPooling(out_channels))
        super().__init__(*layers)
        self.out_channels = out_channels


class SubPixelHead(nn.Sequential):
    """Logits `scale` times finer than the features (N, C, h, w): to (N, num_classes, scale * h, scale * w).

    Paper: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network", CVPR 2016. All sub-pixels of a class start alike, which avoids a checkerboard (Aitken et al. 2017).
    """

    def __init__(self, channels: int, num_classes: int, scale: int) -> None:
        conv = nn.Conv2d(channels, num_classes * scale**2, 3, padding=1)
        with torch.no_grad():
            conv.weight.copy_(conv.weight[:num_classes].repeat_interleave(scale**2, dim=0))
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        super().__init__(conv, SubPixels(scale))


class SubPixels(nn.Module):
    """`nn.PixelShuffle` with a contiguous result: faster for channels_last input on a CPU, as is the loss after it."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C * scale * scale, h, w) to (N, C, h * scale, w * scale)."""
        count, channels, height, width = x.shape
        s = self.scale
        x = x.reshape(count, channels // s**2, s, s, height, width).permute(0, 1, 4, 2, 5, 3)  # (N, C, h, s, w, s)
        return x.reshape(count, channels // s**2, height * s, width * s)


def conv_bn_relu(inputs: int, outputs: int, kernel_size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution that keeps the size (but for its stride), batch normalisation, ReLU."""
    conv = nn.Conv2d(inputs, outputs, kernel_size, stride, padding=kernel_size // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
