"""Architectures of segmentation_models_pytorch: DeepLabV3+, SegFormer, UPerNet, FPN."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from models.backbones import check_hub, load_weights, normalisation, resolve_backbone
from models.unet import check_batch, pad_to
from models.weights import load_backbone, read_weights

# SegFormer's own encoders, which timm has not.
MIT = ("mit_b0", "mit_b1", "mit_b2")
STRIDE = 32  # images are padded to multiples of it


class SmpModel(nn.Module):
    """A model of segmentation_models_pytorch with normalisation inside, for any image size."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: Any, stats: tuple[Tensor, Tensor], *, pools_globally: bool) -> None:
        """model: its encoder, decoder and head are taken. stats: mean and std (1, 3, 1, 1) of its images."""
        super().__init__()
        self.backbone = model.encoder
        self.decoder = model.decoder
        self.head = model.segmentation_head
        self.pools_globally = pools_globally
        self.register_buffer("mean", stats[0])
        self.register_buffer("std", stats[1])

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, num_classes, H, W) of images (N, 3, H, W) in [0, 1], for any H and W."""
        height, width = images.shape[-2:]
        check_batch(images, self.training, pools_globally=self.pools_globally)
        padded = pad_to(images, -(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE)
        features = self.backbone((padded - self.mean) / self.std)
        logits: Tensor = self.head(self.decoder(features))
        return logits[..., :height, :width]


def build_deeplabv3plus(num_classes: int, backbone: str, weights: str, crp: bool) -> SmpModel:
    """DeepLabV3+ (Chen et al., ECCV 2018): atrous pyramid at stride 16, one skip at stride 4."""
    if backbone in MIT:
        raise ValueError(f"backbone: deeplabv3plus dilates convolutions, {backbone} has none; use e.g. resnet34")
    return _build(smp.DeepLabV3Plus, num_classes, backbone, weights, crp, pools_globally=True)


def build_segformer(num_classes: int, backbone: str, weights: str, crp: bool) -> SmpModel:
    """SegFormer (Xie et al., NeurIPS 2021): all levels projected, upsampled to stride 4 and mixed 1x1."""
    return _build(smp.Segformer, num_classes, backbone, weights, crp)


def build_upernet(num_classes: int, backbone: str, weights: str, crp: bool) -> SmpModel:
    """UPerNet (Xiao et al., ECCV 2018): pyramid pooling at the bottleneck, then a feature pyramid."""
    return _build(smp.UPerNet, num_classes, backbone, weights, crp, pools_globally=True)


def build_fpn(num_classes: int, backbone: str, weights: str, crp: bool) -> SmpModel:
    """FPN (Kirillov et al., "Panoptic Feature Pyramid Networks", CVPR 2019): a feature pyramid, its levels summed."""
    return _build(smp.FPN, num_classes, backbone, weights, crp)


def _build(
    network: Callable[..., Any],
    num_classes: int,
    backbone: str,
    weights: str,
    crp: bool,
    pools_globally: bool = False,
) -> SmpModel:
    if crp:
        raise ValueError("crp: true is not allowed here; chained residual pooling belongs to unet and plain_unet")
    if backbone in MIT:
        model = network(backbone, encoder_weights=None, classes=num_classes)
        _load_mit(model.encoder, backbone, weights)
        stats = (
            torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1),
            torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1),
        )
        return SmpModel(model, stats, pools_globally=pools_globally)
    name = resolve_backbone(backbone)
    model = network(f"tu-{name}", encoder_weights=None, classes=num_classes)
    load_weights(model.encoder.model, name, weights)
    return SmpModel(model, normalisation(name), pools_globally=pools_globally)


def _load_mit(encoder: Any, backbone: str, weights: str) -> None:
    if weights == "none":
        return
    if weights != "imagenet":
        load_backbone(encoder, read_weights(Path(weights).expanduser()), weights)
        return
    check_hub(f"smp-hub/{backbone}.imagenet", backbone)
    encoder.load_state_dict(smp.encoders.get_encoder(backbone, weights="imagenet").state_dict())
