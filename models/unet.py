"""UNet over any timm backbone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.backbones import build_backbone, normalisation
from models.crp import ChainedResidualPooling

# Channels of the decoder, deepest first. The widest maps get the fewest: they are where the time goes.
WIDTHS = (256, 128, 64, 32)
SMALLEST = 32  # pixels; images with a shorter side are padded up to it


class UNet(nn.Module):
    """Backbone, decoder over its skips, sub-pixel head.

    Paper: Ronneberger et al., "U-Net", MICCAI 2015. Two things are changed for speed: skips wider than the decoder
    are first projected 1x1, and decoding ends at the backbone's first reduction (usually 2), a quarter of the pixels;
    the head predicts the finer ones from there, so that thin poles and signs are not blurred away.
    Chained residual pooling, if any, follows the projection of every skip and of the bottleneck.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        channels: Sequence[int],
        stats: tuple[Tensor, Tensor],
        num_classes: int,
        crp: bool,
        reduction: int = 2,
    ) -> None:
        """channels: of the backbone's feature maps, finest first. stats: mean and std (1, 3, 1, 1) of its images.

        reduction: of the finest feature map.
        """
        super().__init__()
        self.backbone = backbone
        self.decoder = Decoder(channels, crp)
        self.head = SubPixelHead(self.decoder.out_channels, num_classes, reduction)
        self.reduction = reduction
        self.register_buffer("mean", stats[0])
        self.register_buffer("std", stats[1])

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, num_classes, H, W) of images (N, 3, H, W) in [0, 1], for any H and W."""
        height, width = images.shape[-2:]
        check_batch(images, self.training)
        padded = pad_to(
            images, *(max(-(-side // self.reduction) * self.reduction, SMALLEST) for side in (height, width))
        )
        features = self.backbone((padded - self.mean) / self.std)
        logits: Tensor = self.head(self.decoder(features))  # (N, num_classes, H, W) of the padded images
        return logits[..., :height, :width]


class SubPixelHead(nn.Sequential):
    """Logits `scale` times finer than the features (N, C, h, w): to (N, num_classes, scale * h, scale * w).

    Paper: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network", CVPR 2016. All sub-pixels of a class start alike, which avoids a checkerboard (Aitken et al. 2017).
    """

    def __init__(self, channels: int, num_classes: int, scale: int) -> None:
        conv = nn.Conv2d(channels, num_classes * scale**2, 3, padding=1)
        with torch.no_grad():
            conv.weight.copy_(conv.weight[:num_classes].repeat_interleave(scale**2, dim=0))
            nn.init.zeros_(conv.bias)
        super().__init__(conv, nn.PixelShuffle(scale))


class Decoder(nn.Module):
    """Feature maps, finest first, to one map of the finest one's size with `out_channels` channels."""

    def __init__(self, channels: Sequence[int], crp: bool = False) -> None:
        super().__init__()
        skips = list(channels[:-1])[::-1]  # deepest first
        widths = [*WIDTHS[: len(skips)], *[WIDTHS[-1]] * (len(skips) - len(WIDTHS))]
        self.bottleneck = Skip(channels[-1], WIDTHS[0], crp)
        self.skips = nn.ModuleList(Skip(skip, width, crp) for skip, width in zip(skips, widths, strict=True))
        inputs = [self.bottleneck.out_channels, *widths]
        self.blocks = nn.ModuleList(
            nn.Sequential(conv_bn_relu(before + skip.out_channels, width), conv_bn_relu(width, width))
            for before, skip, width in zip(inputs, self.skips, widths, strict=False)
        )
        self.out_channels = widths[-1] if widths else self.bottleneck.out_channels

    def forward(self, features: list[Tensor]) -> Tensor:
        """Decode the feature maps (N, C_i, H_i, W_i), finest first, to (N, out_channels, H_0, W_0)."""
        x: Tensor = self.bottleneck(features[-1])
        for feature, skip, block in zip(reversed(features[:-1]), self.skips, self.blocks, strict=True):
            x = F.interpolate(x, size=feature.shape[-2:], mode="nearest")
            x = block(torch.cat([x, skip(feature)], dim=1))
        return x


class Skip(nn.Sequential):
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


def conv_bn_relu(inputs: int, outputs: int, kernel_size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution with same padding, batch normalisation, ReLU."""
    conv = nn.Conv2d(inputs, outputs, kernel_size, stride, padding=kernel_size // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def pad_to(images: Tensor, height: int, width: int) -> Tensor:
    """Repeat the right and bottom edge of images (N, C, H, W) until they measure `height` x `width`."""
    down, right = height - images.shape[-2], width - images.shape[-1]
    return F.pad(images, (0, right, 0, down), mode="replicate") if down or right else images


def check_batch(images: Tensor, training: bool, *, pools_globally: bool = False) -> None:
    """ValueError where batch normalisation would see one value per channel while training."""
    count, _, height, width = images.shape
    if training and count == 1 and (pools_globally or (height <= SMALLEST and width <= SMALLEST)):
        raise ValueError(
            f"a training batch of one {height}x{width} image leaves batch normalisation a single value per channel; "
            "use a batch size of 2 or more and drop the last incomplete batch"
        )


def build_unet(num_classes: int, backbone: str, weights: str, crp: bool) -> UNet:
    """UNet over the timm backbone of that name."""
    network = build_backbone(backbone, weights)
    info = network.feature_info
    return UNet(network, info.channels(), normalisation(backbone), num_classes, crp, info.reduction()[0])
