"""Models for segmentation: one file per architecture, and `build_model`, which builds one by its name.

Every model takes images (N, 3, H, W) in [0, 1], normalises them inside with its backbone's mean and std, and returns
raw logits (N, num_classes, H, W) at the input's size, for any size. `.backbone` is its pretrained part.
"""

from __future__ import annotations

from collections.abc import Callable

from models.backbones import check_hub_weights, needs_hub
from models.bisenet import build_bisenet
from models.network import SegmentationModel
from models.plain_unet import build_plain_unet
from models.saved import SavedModel, load_model, save_model
from models.segformer import build_segformer
from models.smp import build_deeplabv3plus, build_fpn, build_upernet
from models.unet import build_unet

__all__ = [
    "ARCHITECTURES",
    "SavedModel",
    "SegmentationModel",
    "build_model",
    "check_model",
    "load_model",
    "save_model",
]

# architecture -> function of (num_classes, backbone, weights, crp)
ARCHITECTURES: dict[str, Callable[[int, str, str, bool], SegmentationModel]] = {
    "unet": build_unet,
    "plain_unet": build_plain_unet,
    "deeplabv3plus": build_deeplabv3plus,
    "segformer": build_segformer,
    "upernet": build_upernet,
    "fpn": build_fpn,
    "bisenet": build_bisenet,
}


def build_model(
    architecture: str,
    num_classes: int,
    backbone: str = "resnet34",
    weights: str = "none",
    crp: bool = False,
    mirror: bool = False,
    auxiliary: bool = True,
) -> SegmentationModel:
    """A model that takes images (N, 3, H, W) in [0, 1] and returns logits (N, num_classes, H, W).

    backbone: mit_b0, mit_b1, mit_b2, or any timm model with feature maps (plain_unet has its own and ignores it).
    weights: of the backbone; "none", "imagenet" (from an optional package if it has them, else from timm's hub), or a
    file (.safetensors, .pth). crp: chained residual pooling, for unet and plain_unet.
    mirror: in eval mode, return the mean of the logits of the image and of its mirror image.
    auxiliary: keep the auxiliary heads, if the architecture has any. They are used only in training.
    Raises ValueError for an unknown architecture or backbone, listing the choices; for weights that cannot be loaded;
    and for mirror if the model does not support it.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture: {architecture!r} is unknown; choose from {', '.join(ARCHITECTURES)}")
    if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 1:
        raise ValueError(f"num_classes: {num_classes!r} is not allowed; use a whole number of 1 or more")
    model = ARCHITECTURES[architecture](num_classes, backbone, weights, crp)
    if not auxiliary and isinstance(model, SegmentationModel):
        model.drop_auxiliary()
    if hasattr(model, "mirror"):
        model.mirror = mirror
    elif mirror:  # a plain nn.Module would take the attribute and do nothing with it
        raise ValueError(
            f"mirror: True is not allowed, because {architecture} makes a {type(model).__name__}; use False, or return "
            "a SegmentationModel"
        )
    return model


def check_model(
    architecture: str, backbone: str = "resnet34", weights: str = "none", crp: bool = False, mirror: bool = False
) -> SegmentationModel:
    """The model of `build_model` for two classes, to see whether it can be built; nothing is downloaded.

    Raises ValueError as `build_model` does; of weights on the hub it is only known that the hub answers.
    """
    hub = architecture != "plain_unet" and needs_hub(backbone, weights)  # plain_unet refuses weights itself
    model = build_model(architecture, 2, backbone, "none" if hub else weights, crp, mirror)
    if hub:
        check_hub_weights(backbone)
    return model
