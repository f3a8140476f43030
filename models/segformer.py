"""SegFormer: MiT or another backbone, whose maps are projected, upsampled to stride 4 and added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from models.backbones import build_backbone, normalisation
from models.crp import refuse_crp
from models.network import SegmentationModel

WIDTH = 256  # channels of the decoder
LEVELS = 4  # the deepest feature maps are used, from stride 4 on


def build_segformer(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """SegFormer (Xie et al., NeurIPS 2021) over mit_b0, mit_b1, mit_b2 or a timm backbone."""
    refuse_crp(crp)
    network: Any = build_backbone(backbone, weights)
    decoder = SegFormerDecoder(network.feature_info.channels()[-LEVELS:])
    head = nn.Sequential(nn.Conv2d(WIDTH, num_classes, 1))
    return SegmentationModel(network, decoder, head, normalisation(backbone))


class SegFormerDecoder(nn.Module):
    """Feature maps (N, C_i, H_i, W_i), finest first, to one of `WIDTH` channels at the finest one's size.

    In the paper, each map is projected and upsampled, all are concatenated, and a 1x1 convolution mixes them. The order
    of a 1x1 convolution and bilinear upsampling does not matter, and the product of two linear maps is linear. So here
    each map is projected once by the product of both, then upsampled, and the results are added. The function and its
    parameters are the same.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Linear(inputs, WIDTH) for inputs in channels)
        self.mix = nn.Conv2d(WIDTH * len(channels), WIDTH, 1, bias=False)
        self.norm = nn.BatchNorm2d(WIDTH)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Decode the last `len(project)` of the feature maps."""
        features = features[-len(self.project) :]
        size = features[0].shape[-2:]
        total: Tensor | None = None
        for feature, linear, mix in zip(
            features, self.project, self.mix.weight.chunk(len(self.project), 1), strict=True
        ):
            assert isinstance(linear, nn.Linear)
            mix = mix.flatten(1)  # (WIDTH, WIDTH)
            level = F.conv2d(feature, (mix @ linear.weight)[:, :, None, None], mix @ linear.bias)
            if level.shape[-2:] != size:
                level = F.interpolate(level, size=size, mode="bilinear", align_corners=False)
            total = level if total is None else total + level
        assert total is not None
        return F.relu(self.norm(total))
