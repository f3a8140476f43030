"""Architectures of segmentation_models_pytorch: DeepLabV3+, SegFormer, UPerNet, FPN."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import segmentation_models_pytorch as smp
import timm
import torch
from segmentation_models_pytorch.encoders import get_encoder

from models.backbones import UNFIT, check_hub, load_weights, normalisation, resolve_backbone
from models.network import SegmentationModel
from models.weights import load_backbone, read_weights

MIT = ("mit_b0", "mit_b1", "mit_b2")  # SegFormer's own encoders, which timm has not


def build_deeplabv3plus(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """DeepLabV3+ (Chen et al., ECCV 2018): atrous pyramid at stride 16, one skip at stride 4."""
    return _build(smp.DeepLabV3Plus, num_classes, backbone, weights, crp, pools_globally=True)


def build_segformer(num_classes: int, backbone: str, weights: str, crp: bool) -> SegmentationModel:
    """SegFormer (Xie et al., NeurIPS 2021): all levels projected, upsampled to stride 4 and mixed 1x1."""
    return _build(smp.Segformer, num_classes, backbone, weights, crp)


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
    if crp:
        raise ValueError(
            "crp: True is not allowed here, chained residual pooling is for unet and plain_unet; use False"
        )
    name = backbone if backbone in MIT else resolve_backbone(backbone)
    try:
        model = network(name if name in MIT else f"tu-{name}", encoder_weights=None, classes=num_classes)
    except UNFIT as error:
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"backbone: {backbone} does not fit {network.__name__} ({reason}); choose another, e.g. resnet34"
        ) from error
    if name in MIT:
        _load_mit(model.encoder, name, weights)
        stats = (_per_channel(timm.data.IMAGENET_DEFAULT_MEAN), _per_channel(timm.data.IMAGENET_DEFAULT_STD))
    else:
        load_weights(model.encoder.model, name, weights)
        stats = normalisation(name)
    return SegmentationModel(model.encoder, model.decoder, model.segmentation_head, stats, pools_globally)


def _per_channel(values: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)


def _load_mit(encoder: Any, name: str, weights: str) -> None:
    if weights == "imagenet":
        check_hub(f"smp-hub/{name}.imagenet", name)
        load_backbone(encoder, get_encoder(name, weights="imagenet").state_dict(), weights)
    elif weights != "none":
        load_backbone(encoder, read_weights(Path(weights).expanduser()), weights)
