"""Architectures of segmentation_models_pytorch: DeepLabV3+, UPerNet, FPN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import segmentation_models_pytorch as smp
from torch import Tensor, nn

from models.backbones import (
    UNFIT,
    build_backbone,
    channels_first,
    for_any_size,
    load_weights,
    normalisation,
    resolve_backbone,
)
from models.crp import refuse_crp
from models.mit import MIT
from models.network import SegmentationModel

LEVELS = 6


def build_deeplabv3plus(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """DeepLabV3+ (Chen et al., ECCV 2018): atrous pyramid at stride 16, one skip at stride 4."""
    return _build(smp.DeepLabV3Plus, num_classes, backbone, weights, crp, pools_globally=True)


def build_upernet(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """UPerNet (Xiao et al., ECCV 2018): pyramid pooling at the bottleneck, then a feature pyramid."""
    return _build(smp.UPerNet, num_classes, backbone, weights, crp, pools_globally=True)


def build_fpn(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """FPN (Kirillov et al., "Panoptic Feature Pyramid Networks", CVPR 2019): the sum of a feature pyramid's levels."""
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
    encoder, options = (name, {}) if name in MIT else (f"tu-{name}", for_any_size(name))
    try:
        model = network(encoder, encoder_weights=None, classes=num_classes, **options)
    except UNFIT as error:
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"backbone: {backbone} does not fit {network.__name__} ({reason}); choose another, e.g. resnet34"
        ) from error
    if name in MIT:
        maps = build_backbone(name, weights)
    else:
        maps = channels_first(model.encoder.model)
        load_weights(maps, name, weights)
    model.decoder.register_forward_pre_hook(_six_maps)
    return SegmentationModel(maps, model.decoder, model.segmentation_head, normalisation(name), pools_globally)


def _six_maps(_: nn.Module, inputs: tuple[list[Tensor]]) -> tuple[list[Tensor]]:
    """The maps at strides 1 to 32, which smp's decoders expect. If the backbone has none at stride 2, it is empty."""
    image, *features = inputs[0]
    missing = [image[:, :0, ::2, ::2]] * (LEVELS - 1 - len(features))
    return ([image, *missing, *features][-LEVELS:],)
