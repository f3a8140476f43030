"""BiSeNet V1: a short path takes details from the image, a backbone gives context, and attention combines them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.backbones import build_backbone, normalisation
from models.crp import refuse_crp
from models.network import SegmentationModel
from models.unet import conv_bn_relu

WIDTH = 128  # channels of either path
AUXILIARY_WEIGHT = 1.0  # alpha in the paper's equation 2


def build_bisenet(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """BiSeNet (Yu et al., ECCV 2018) over any backbone, whose two deepest maps (strides 16 and 32) give the context.

    In training two auxiliary heads predict from the context alone.
    """
    refuse_crp(crp)
    network: Any = build_backbone(backbone, weights)
    decoder = BiSeNetDecoder(network.feature_info.channels()[-2:])
    head = nn.Sequential(nn.Conv2d(decoder.out_channels, num_classes, 1))
    auxiliary = [nn.Sequential(conv_bn_relu(WIDTH, 2 * WIDTH), nn.Conv2d(2 * WIDTH, num_classes, 1)) for _ in range(2)]
    return SegmentationModel(
        network,
        decoder,
        head,
        normalisation(backbone),
        pools_globally=True,
        auxiliary=auxiliary,
        auxiliary_weight=AUXILIARY_WEIGHT,
    )


class BiSeNetDecoder(nn.Module):
    """Makes one map at stride 8 with `out_channels` channels from the image and the backbone's maps.

    It returns a list: this map, then the context at stride 8 and at stride 16 for the auxiliary heads.
    """

    out_channels = WIDTH // 2

    def __init__(self, channels: Sequence[int]) -> None:
        """channels: channels of the backbone's two deepest maps, the finer map first."""
        super().__init__()
        self.spatial = nn.Sequential(
            conv_bn_relu(3, WIDTH // 2, kernel_size=7, stride=2),
            conv_bn_relu(WIDTH // 2, WIDTH // 2, stride=2),
            conv_bn_relu(WIDTH // 2, WIDTH // 2, stride=2),
            conv_bn_relu(WIDTH // 2, WIDTH, kernel_size=1),
        )
        self.whole = conv_bn_relu(channels[-1], WIDTH, kernel_size=1)
        self.attend = nn.ModuleList(AttentionRefinement(inputs) for inputs in channels)
        self.refine = nn.ModuleList(conv_bn_relu(WIDTH, WIDTH) for _ in channels)
        self.fuse = FeatureFusion(2 * WIDTH)
        self.out = conv_bn_relu(2 * WIDTH, self.out_channels)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Decode the image (N, 3, H, W) and the last two of the maps (N, C_i, H_i, W_i) after it."""
        image, *_, middle, deep = features
        spatial = self.spatial(image)  # (N, WIDTH, H / 8, W / 8)
        whole = self.whole(pool(deep))  # (N, WIDTH, 1, 1)
        context16 = self.refine[1](enlarge(self.attend[1](deep) + whole, middle))
        context8 = self.refine[0](enlarge(self.attend[0](middle) + context16, spatial))
        return [self.out(self.fuse(torch.cat([spatial, context8], 1))), context8, context16]


class AttentionRefinement(nn.Module):
    """Maps (N, C, h, w) to (N, WIDTH, h, w): convolves, then scales each channel by a factor learnt from its mean."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv_bn_relu(channels, WIDTH)
        self.gate = nn.Sequential(nn.Conv2d(WIDTH, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """Refine a map."""
        x = self.conv(x)
        share: Tensor = self.gate(pool(x))
        return x * share


class FeatureFusion(nn.Module):
    """The maps of both paths, concatenated (N, C, h, w), to (N, C, h, w): mixes them, then adds the scaled channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = conv_bn_relu(channels, channels, kernel_size=1)
        self.gate = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Fuse the two."""
        x = self.mix(x)
        share: Tensor = self.gate(pool(x))
        return x + x * share


def pool(x: Tensor) -> Tensor:
    """The mean over the whole map: (N, C, h, w) to (N, C, 1, 1)."""
    return x.mean((2, 3), keepdim=True)


def enlarge(x: Tensor, like: Tensor) -> Tensor:
    """Upsample a map bilinearly to the height and width of another."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
