"""SegFormer beside an independent implementation, and its encoder's weights under both families of names."""

import copy
import re

import pytest
import segmentation_models_pytorch as smp
import torch
from safetensors.torch import save_file
from segmentation_models_pytorch.encoders import get_encoder

from models import build_model
from models.mit import MIT, MixTransformer
from models.segformer import SegFormerDecoder
from tests.models.built import images


def shaken(module, seed=0):
    """The module in eval mode, no parameter or statistic left at 0 or 1."""
    torch.manual_seed(seed)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(0.1 * torch.rand_like(tensor))
    return module.eval()


@torch.no_grad()
@pytest.mark.parametrize("name", MIT)
def test_the_encoder_equals_the_published_one(name):
    ours = shaken(MixTransformer(name)).double()
    theirs = get_encoder(name, weights=None).eval().double()
    theirs.load_state_dict(ours.state_dict())  # strict: the names are the published ones
    for height, width in ((64, 96), (128, 32)):
        batch = images(height, width, count=1).double()
        maps = ours(batch)
        assert [tuple(feature.shape[1:]) for feature in maps] == [
            (channels, height // stride, width // stride)
            for channels, stride in zip(MIT[name].channels(), MIT[name].reduction(), strict=True)
        ]
        for feature, expected in zip(maps, theirs(batch)[2:], strict=True):
            torch.testing.assert_close(feature, expected)


@torch.no_grad()
def test_the_decoder_equals_projecting_upsampling_concatenating_and_mixing():
    channels = (8, 12, 20, 28)
    ours = shaken(SegFormerDecoder(channels))
    theirs = smp.decoders.segformer.model.SegformerDecoder([3, 0, *channels], segmentation_channels=256).eval()
    for linear, stage in zip(ours.project, reversed(theirs.mlp_stage), strict=True):
        stage.linear.load_state_dict(linear.state_dict())
    mix, norm = theirs.fuse_stage[0], theirs.fuse_stage[1]
    mix.weight.copy_(torch.cat(ours.mix.weight.chunk(4, dim=1)[::-1], dim=1))  # theirs begins with the deepest
    norm.load_state_dict(ours.norm.state_dict())
    maps = [torch.randn(2, width, 64 // 2**i, 96 // 2**i) for i, width in enumerate(channels)]
    expected = theirs([torch.zeros(2, 3, 256, 384), torch.zeros(2, 0, 128, 192), *maps])
    torch.testing.assert_close(ours(maps), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "millions"), [("mit_b0", 3.7), ("mit_b1", 13.7), ("mit_b2", 24.7)])
def test_parameters_are_those_of_the_paper_less_its_wider_decoder(name, millions):
    parameters = sum(parameter.numel() for parameter in build_model("segformer", 19, name).parameters())
    assert parameters / 1e6 == pytest.approx(millions, abs=0.06)


def their_names(tensors, prefix):
    """The tensors as the transformers library names them: stages from 0, keys and values apart."""
    renamed = {}
    parts = [("patch_embed", "patch_embeddings"), ("block", "block"), ("norm", "layer_norm")]
    layers = [
        *(("norm1", "layer_norm_1"), ("norm2", "layer_norm_2"), ("attn.q", "attention.self.query")),
        *(("attn.sr", "attention.self.sr"), ("attn.norm", "attention.self.layer_norm")),
        *(("attn.proj", "attention.output.dense"), ("mlp.fc1", "mlp.dense1"), ("mlp.fc2", "mlp.dense2")),
    ]
    for key, tensor in tensors.items():
        match = re.fullmatch(r"(patch_embed|block|norm)(\d)\.(.+)", key)
        assert match
        part, stage, rest = match.groups()
        if part == "patch_embed":
            rest = rest.replace("norm", "layer_norm")
        for ours, theirs in layers:
            rest = re.sub(rf"^(\d+)\.{ours}\.", rf"\1.{theirs}.", rest)
        new = f"{prefix}encoder.{dict(parts)[part]}.{int(stage) - 1}.{rest}"
        if ".attn.kv." in new:
            for half, name in zip(tensor.chunk(2), ("key", "value"), strict=True):
                renamed[new.replace("attn.kv", f"attention.self.{name}")] = half.clone()
        else:
            renamed[new] = tensor
    return renamed


def loaded_from(tensors, tmp_path, name="mit_b0"):
    save_file(tensors, tmp_path / "mit.safetensors")
    return build_model("segformer", 3, name, str(tmp_path / "mit.safetensors")).backbone.state_dict()


EXTRAS = {
    "transformers, encoder": ("", {}),
    "transformers, classifier": ("segformer.", {"classifier.weight": torch.ones(1000, 256)}),
    "transformers, segmentation": ("segformer.", {"decode_head.linear_c.0.proj.weight": torch.ones(256, 32)}),
}


@pytest.mark.parametrize("kind", EXTRAS)
def test_weights_named_by_transformers_are_mapped(kind, tmp_path):
    prefix, extra = EXTRAS[kind]
    source = shaken(MixTransformer("mit_b0")).state_dict()
    theirs = their_names(source, prefix)
    assert f"{prefix}encoder.block.0.1.attention.self.value.bias" in theirs
    found = loaded_from(theirs | extra, tmp_path)
    assert all(torch.equal(value, found[key]) for key, value in source.items())


@pytest.mark.parametrize("prefix", ["", "backbone.", "module."])
def test_published_weights_are_taken_with_a_classifier_or_a_decoder(prefix, tmp_path):
    source = shaken(MixTransformer("mit_b0")).state_dict()
    extra = {"head.weight": torch.ones(1000, 256), "decode_head.conv_seg.bias": torch.ones(3)}
    found = loaded_from({f"{prefix}{key}": value for key, value in source.items()} | extra, tmp_path)
    assert all(torch.equal(value, found[key]) for key, value in source.items())


def test_auto_trains_from_scratch_where_no_package_has_the_weights():
    assert build_model("segformer", 3, "mit_b0", "auto").backbone is not None


def without(tensors, part):
    return {key: value for key, value in tensors.items() if part not in key}


@pytest.mark.parametrize(
    ("backbone", "change", "message"),
    [
        ("mit_b1", dict, r"mit\.safetensors has 156 tensors that mit_b1 does not have \(first: block\d\."),
        ("mit_b0", dict, r"mit\.safetensors has tensors of other shapes"),
        ("mit_b2", lambda tensors: without(tensors, "block3.4.attn.q."), "lacks 2 of the backbone's .* tensors"),
        ("mit_b2", lambda tensors: without(their_names(tensors, ""), "value.bias"), "lacks 16 of the backbone's"),
        ("mit_b2", lambda tensors: tensors | {"block3.0.surprise": torch.ones(1)}, "1 tensors that mit_b2 does not"),
    ],
)
def test_weights_of_another_encoder_are_named(backbone, change, message, tmp_path):
    tensors = change(copy.deepcopy(MixTransformer("mit_b2").state_dict()))
    with pytest.raises(ValueError, match=message):
        loaded_from(tensors, tmp_path, backbone)
