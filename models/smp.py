"""Architectures of segmentation_models_pytorch: DeepLabV3+, UPerNet, FPN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import segmentation_models_pytorch as smp
from torch import Tensor, nn

from models.backbones import UNFIT, build_backbone, load_weights, normalisation, resolve_backbone
from models.crp import refuse_crp
from models.mit import MIT
from models.network import SegmentationModel


def build_deeplabv3plus(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """DeepLabV3+ (Chen et al., ECCV 2018): atrous pyramid at stride 16, one skip at stride 4."""
    return _build(smp.DeepLabV3Plus, num_classes, backbone, weights, crp, pools_globally=True)


def build_upernet(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """UPerNet (Xiao et al., ECCV 2018): pyramid pooling at the bottleneck, then a feature pyramid."""
    return _build(smp.UPerNet, num_classes, backbone, weights, crp, pools_globally=True)


def build_fpn(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """FPN (Kirillov et al., "Panoptic Feature Pyramid Networks", CVPR 2019): a feature pyramid, its levels summed."""
    return _build(smp.FPN, num_classes, backbone, weights, crp)


def _build(
    network: Callable[..., Any],
    num_classes: int,
    backbone: str,
    weights: str,
    crp: bool,
    pools_globally: bool = False,
) -> SegmentationModel:
    refuse_crp(crp)
    name = backbone if backbone in MIT else resolve_backbone(backbone)
    try:
        model = network(name if name in MIT else f"tu-{name}", encoder_weights=None, classes=num_classes)
    except UNFIT as error:
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"backbone: {backbone} does not fit {network.__name__} ({reason}); choose another, e.g. resnet34"
        ) from error
    encoder = model.encoder
    if name in MIT:
        encoder = Levels(build_backbone(name, weights))
    else:
        load_weights(encoder.model, name, weights)
    return SegmentationModel(encoder, model.decoder, model.segmentation_head, normalisation(name), pools_globally)


class Levels(nn.Module):
    """Our MiT in place of theirs: before its maps they expect the image and an empty map at stride 2."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> list[Tensor]:
        """Six maps of normalised images (N, 3, H, W)."""
        return [images, images[:, :0, ::2, ::2], *self.model(images)]
