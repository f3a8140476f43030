"""Models for segmentation: one file per architecture, and `build_model`, which builds one by its name.

Every model takes images (N, 3, H, W) in [0, 1], normalises them inside with its backbone's mean and std, and returns
raw logits (N, num_classes, H, W) at the input's size, for any size; hydra returns `TaskOutputs`. `.backbone` is its
pretrained part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from models.backbones import check_hub_weights, needs_hub
from models.bisenet import build_bisenet
from models.hydra import ALONE, FARTHEST, NEAREST, build_hydra, refuse_tasks
from models.network import SegmentationModel
from models.outputs import TaskOutputs
from models.plain_unet import build_plain_unet
from models.saved import SavedModel, load_model, save_model
from models.segformer import build_segformer
from models.smp import build_deeplabv3plus, build_fpn, build_upernet
from models.unet import build_unet

__all__ = [
    "ARCHITECTURES",
    "SavedModel",
    "SegmentationModel",
    "TaskOutputs",
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
    "hydra": build_hydra,
}


def build_model(
    architecture: str,
    num_classes: int,
    backbone: str = "resnet34",
    weights: str = "none",
    crp: bool = False,
    mirror: bool = False,
    auxiliary: bool = True,
    *,
    tasks: Sequence[str] = ALONE,
    depth_min: float = NEAREST,
    depth_max: float = FARTHEST,
    focal: float = math.nan,
    task_weights: str | Mapping[str, float] = "learned",
) -> SegmentationModel:
    """A model that takes images (N, 3, H, W) in [0, 1] and returns logits (N, num_classes, H, W), or `TaskOutputs`.

    backbone: mit_b0, mit_b1, mit_b2, or any timm model with feature maps (plain_unet has its own and ignores it).
    weights: of the backbone; "none", "imagenet" (from an optional package if it has them, else from timm's hub), or a
    file (.safetensors, .pth). crp: chained residual pooling, for unet, plain_unet and hydra.
    mirror: in eval mode, return the mean of the logits of the image and of its mirror image.
    auxiliary: keep what is used only in training, if the architecture has any: auxiliary heads, learned task weights.
    tasks: segmentation, depth or both; with depth only for hydra, as are the next ones. depth_min, depth_max: range of
    the depth in canonical metres. focal: focal length of the training images in pixels, see `models.hydra`; it is saved
    with the weights. task_weights: "learned" gives a model with both tasks the parameter `log_variances`.
    Raises ValueError for an unknown architecture or backbone, listing the choices; for weights that cannot be loaded;
    for mirror or tasks that the model does not support.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture: {architecture!r} is unknown; choose from {', '.join(ARCHITECTURES)}")
    if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 1:
        raise ValueError(f"num_classes: {num_classes!r} is not allowed; use a whole number of 1 or more")
    asked: dict[str, Any] = {"tasks": tasks, "depth_min": depth_min, "depth_max": depth_max}
    build = ARCHITECTURES[architecture]
    if architecture == "hydra":
        build = partial(build_hydra, **asked, focal=focal, task_weights=task_weights)
    else:
        refuse_tasks(architecture, asked)
    model = build(num_classes, backbone, weights, crp)
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
    architecture: str, backbone: str = "resnet34", weights: str = "none", crp: bool = False, **settings: Any
) -> SegmentationModel:
    """The model of `build_model` for two classes, to see whether it can be built; nothing is downloaded.

    settings: the other arguments of `build_model`.
    Raises ValueError as `build_model` does; of weights on the hub it is only known that the hub answers.
    """
    hub = architecture != "plain_unet" and needs_hub(backbone, weights)  # plain_unet refuses weights itself
    model = build_model(architecture, 2, backbone, "none" if hub else weights, crp, **settings)
    if hub:
        check_hub_weights(backbone)
    return model
