"""Pretrained weights of MiT, under the published names or the names of the `transformers` library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from segmentation_models_pytorch.encoders import get_encoder
from torch import Tensor

from models.hub import check_hub
from models.mit import MixTransformer
from models.weights import load_backbone, read_weights, without_prefix

_HEADS = ("head.", "decode_head.", "classifier.")  # other parts that a file may hold
_THEIRS = re.compile(r"(?:.*\.)?encoder\.(patch_embeddings|block|layer_norm)\.(\d)\.(.+)")
_LAYERS = {
    "layer_norm_1": "norm1",
    "layer_norm_2": "norm2",
    "attention.self.query": "attn.q",
    "attention.self.key": "attn.k",
    "attention.self.value": "attn.v",
    "attention.self.sr": "attn.sr",
    "attention.self.layer_norm": "attn.norm",
    "attention.output.dense": "attn.proj",
    "mlp.dense1": "mlp.fc1",
    "mlp.dense2": "mlp.fc2",
    "layer_norm": "norm",  # of a patch embedding
}


def load_mit(encoder: MixTransformer, name: str, weights: str) -> MixTransformer:
    """Load `weights` ("none", "imagenet" from the hub, or a file) into the MiT called `name`, in place.

    A file may be of the encoder, a classifier or a whole SegFormer, under the published names or those of the
    `transformers` library. Raises ValueError for weights that cannot be had, lack a tensor of the encoder, or hold one
    too many, as those of a deeper MiT do.
    """
    if weights in ("none", "auto"):  # no package ships them
        return encoder
    if weights == "imagenet":
        check_hub(f"smp-hub/{name}.imagenet", name)
        tensors = get_encoder(name, weights="imagenet").state_dict()
    else:
        tensors = read_weights(Path(weights).expanduser())
    own = encoder.state_dict()
    tensors = without_prefix(published_names(tensors), own)
    extra = [key for key in tensors if key not in own and not key.startswith(_HEADS)]
    load_backbone(encoder, tensors, weights)
    if extra:
        raise ValueError(
            f"weights: {weights} has {len(extra)} tensors that {name} does not have (first: {extra[0]}); "
            "the file belongs to another backbone"
        )
    return encoder


def published_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of an encoder under the published names.

    `transformers` counts stages from 0, and stores keys and values separately. Its tensors
    `encoder.block.0.1.attention.self.key.weight` and `….value.weight` are the halves of `block1.1.attn.kv.weight`.
    """
    renamed = {_published(key): tensor for key, tensor in tensors.items()}
    for key in [key for key in renamed if ".attn.k." in key]:
        pair = renamed.pop(key), renamed.pop(key.replace(".attn.k.", ".attn.v."), None)
        if pair[1] is not None:
            renamed[key.replace(".attn.k.", ".attn.kv.")] = torch.cat([pair[0], pair[1]])
    return renamed


def _published(key: str) -> str:
    match = _THEIRS.fullmatch(key)
    if match is None:
        return key
    part, stage, rest = match[1], int(match[2]) + 1, match[3]
    if part == "layer_norm":
        return f"norm{stage}.{rest}"
    place = f"patch_embed{stage}"
    if part == "block":
        number, _, rest = rest.partition(".")
        place = f"block{stage}.{number}"
    layer, _, kind = rest.rpartition(".")
    return f"{place}.{_LAYERS.get(layer, layer)}.{kind}"
