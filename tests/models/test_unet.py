from typing import Any

import pytest
import torch

from models import build_model
from models.crp import ChainedResidualPooling
from models.unet import SubPixelHead, SubPixels, UNetDecoder
from tests.models.built import trained


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_backbone_is_the_pretrained_part_and_the_rest_is_decoder_and_head():
    model = build_model("unet", 11, "resnet18")
    parts = {name.partition(".")[0] for name, _ in model.named_parameters()}
    assert parts == {"backbone", "decoder", "head"}
    assert parameters(model.backbone) == 11_176_512  # ResNet18 without its classifier


def test_the_resnet50_decoder_is_lighter_than_the_backbone():
    model = build_model("unet", 11, "resnet50")
    assert parameters(model.decoder) < parameters(model.backbone) / 5


def test_decodes_up_to_the_finest_map_that_is_smaller_than_the_image():
    vgg = trained(("unet", "vgg16_bn", False))
    info: Any = vgg.backbone.feature_info
    assert info.reduction() == [2, 4, 8, 16, 32]
    maps = [torch.zeros(2, channels, 64 // 2**i, 96 // 2**i) for i, channels in enumerate((16, 24, 40, 112, 320), 1)]
    assert UNetDecoder((16, 24, 40, 112, 320))(maps).shape == (2, 32, 32, 48)


def test_a_decoder_of_one_map_only_projects_it():
    decoder = UNetDecoder((300,))
    assert decoder([torch.zeros(2, 300, 4, 6)]).shape == (2, decoder.out_channels, 4, 6) == (2, 256, 4, 6)


@pytest.mark.parametrize("scale", [2, 4])
def test_the_sub_pixel_head_starts_with_equal_sub_pixels_and_can_part_them(scale):
    head = SubPixelHead(8, 3, scale)
    features = torch.randn(2, 8, 5, 7)
    logits = head(features)
    assert logits.shape == (2, 3, 5 * scale, 7 * scale)
    coarse = logits[..., ::scale, ::scale]
    torch.testing.assert_close(logits, coarse.repeat_interleave(scale, -1).repeat_interleave(scale, -2))
    with torch.no_grad():
        head.state_dict()["0.bias"].copy_(torch.arange(3 * scale**2))
    assert len(head(torch.zeros(1, 8, 1, 1)).unique()) == 3 * scale**2


def test_chained_residual_pooling_follows_every_skip_and_the_bottleneck():
    with_crp = build_model("unet", 11, "resnet18", crp=True)
    chains = [name for name, module in with_crp.named_modules() if isinstance(module, ChainedResidualPooling)]
    assert [name.rpartition(".")[0] for name in chains] == [
        "decoder.bottleneck",
        *[f"decoder.skips.{i}" for i in range(4)],
    ]
    convolutions = sum(2 * 9 * channels**2 for channels in (256, 256, 128, 64, 32))
    assert parameters(with_crp) - parameters(build_model("unet", 11, "resnet18")) == convolutions


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_sub_pixels_lie_where_torch_puts_them(layout):
    features = torch.randn(2, 3 * 4, 5, 7).contiguous(memory_format=layout)
    finer = SubPixels(2)(features)
    assert torch.equal(finer, torch.nn.functional.pixel_shuffle(features, 2))
    assert finer.is_contiguous()
