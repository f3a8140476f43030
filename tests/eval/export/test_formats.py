"""Exported models predict as PyTorch does, whatever the architecture and the size of the image."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from eval.export import FORMATS, ExportMissing, load_exported, verify
from eval.export.check import LEAST_SAME
from eval.export.formats import KEY
from eval.export.pooling import ProductPool, without_adaptive_pooling
from models import ARCHITECTURES, build_model

ROOT = Path(__file__).parents[3]
METADATA = {"config": {"resize_factor": 0.5}, "taxonomy": {"name": "drawn", "classes": []}, "parameters": 3}
SWIN = "swin_tiny_patch4_window7_224"
SMALL = [
    ("segformer", "mit_b0", False),
    ("unet", "test_resnet", True),
    ("unet", "efficientnet_lite0", False),  # padding that depends on the size
    ("upernet", "test_resnet", False),  # adaptive pooling
    ("bisenet", "test_resnet", False),  # auxiliary heads
    ("hydra", "test_resnet", True),  # segmentation alone; depth is in test_depth.py
]
LARGE = [
    ("segformer", "mit_b1", False),
    ("segformer", "mit_b2", False),
    ("segformer", "resnet18", False),
    ("unet", "resnet34", False),
    ("unet", "vgg16_bn", False),
    ("unet", "mobilenetv2_100", True),
    ("unet", "mobilenetv3_small_050", False),
    ("unet", "test_convnext", False),
    ("plain_unet", "", True),
    ("deeplabv3plus", "resnet18", False),
    ("upernet", "mit_b0", False),
    ("upernet", SWIN, False),
    ("bisenet", "efficientnet_lite0", False),
    ("fpn", "resnet18", False),
    ("fpn", "mit_b0", False),
]
SIZES = ((64, 96), (97, 131), (33, 50), (1, 7))
# At 32 pixels Swin shifts windows by more than its maps are large, and torch writes that to ONNX as no shift at all.
SIZES_OF = {(SWIN, "onnx"): SIZES[:3]}


def built(architecture, backbone, crp):
    """A model in eval mode whose running statistics fit its weights."""
    torch.manual_seed(0)
    model = build_model(architecture, 11, backbone or "resnet34", crp=crp, auxiliary=False)
    with torch.no_grad():
        model(torch.rand(2, 3, 64, 64))
    return model.eval()


def check(case, form, folder):
    model = built(*case)
    path = folder / f"model{FORMATS[form].suffix}"
    FORMATS[form].write(model, path, METADATA)
    exported = load_exported(path)
    assert (exported.config, exported.taxonomy, exported.parameters) == tuple(METADATA.values())
    sizes = SIZES_OF.get((case[1], form), SIZES)
    found = verify(model, exported.model, sizes)
    assert [one.size for one in found] == list(sizes)
    assert {one.batch for one in found} == {1, 2}
    assert all(one.same >= LEAST_SAME and one.apart <= 1e-5 * one.largest for one in found)
    assert not model.training


def test_every_architecture_is_exported_here():
    assert {case[0] for case in SMALL + LARGE} == set(ARCHITECTURES)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", SMALL, ids=str)
def test_predicts_alike_at_every_size(case, form, tmp_path):
    check(case, form, tmp_path)


@pytest.mark.parametrize("form", FORMATS)
def test_a_mirrored_prediction_is_exported(form, tmp_path):
    model = built("unet", "test_resnet", False)
    model.mirror = True
    path = tmp_path / f"model{FORMATS[form].suffix}"
    FORMATS[form].write(model, path, METADATA)
    exported = load_exported(path).model
    verify(model, exported, SIZES)
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(exported(images.flip(-1)), exported(images).flip(-1), rtol=1e-4, atol=1e-5)


@pytest.mark.soak
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_every_architecture_predicts_alike_at_every_size(case, form, tmp_path):
    check(case, form, tmp_path)


@pytest.mark.parametrize("size", [2, 3, 6])
@pytest.mark.parametrize("shape", [(2, 4, 6, 12), (1, 3, 7, 5), (1, 1, 1, 9)])
def test_pooling_by_products_is_adaptive_pooling(size, shape):
    maps = torch.rand(shape, dtype=torch.float64)
    torch.testing.assert_close(ProductPool(size)(maps), nn.functional.adaptive_avg_pool2d(maps, size))


def test_only_pooling_to_more_than_one_pixel_is_replaced():
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Sequential(nn.AdaptiveAvgPool2d((3, 3))))
    changed = without_adaptive_pooling(model)
    assert [type(part) for part in changed.modules()][1:] == [nn.AdaptiveAvgPool2d, nn.Sequential, ProductPool]
    assert isinstance(model.get_submodule("1.0"), nn.AdaptiveAvgPool2d)  # the model itself stays
    plain = nn.Sequential(nn.AdaptiveAvgPool2d(1))
    assert without_adaptive_pooling(plain) is plain


class Unknown(nn.Module):
    """Does what ONNX has no words for."""

    def forward(self, images):
        return torch.linalg.svdvals(images)


def test_what_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"onnx: this model cannot be exported \(.*svdvals"):
        FORMATS["onnx"].write(Unknown(), tmp_path / "model.onnx", METADATA)


def test_an_onnx_file_is_read_by_others(tmp_path):
    """Its input, output and metadata, as the onnx package sees them."""
    import onnx

    path = tmp_path / "model.onnx"
    FORMATS["onnx"].write(built("unet", "test_resnet", False), path, METADATA)
    model = onnx.load(path)
    onnx.checker.check_model(model)
    (images,), (logits,) = model.graph.input, model.graph.output
    assert (images.name, logits.name) == ("images", "logits")
    sides = images.type.tensor_type.shape.dim
    assert [side.dim_value for side in sides] == [0, 3, 0, 0]  # 0: free
    assert {entry.key: json.loads(entry.value) for entry in model.metadata_props if entry.key == KEY} == {KEY: METADATA}


def test_missing_packages_are_named_with_the_way_to_get_them(tmp_path):
    code = (
        "import sys; sys.modules['onnx'] = sys.modules['onnxruntime'] = None\n"
        "import pathlib, torch\n"
        "from eval.export import FORMATS, ExportMissing, load_exported\n"
        "for act in (lambda: FORMATS['onnx'].write(torch.nn.Identity(), pathlib.Path('x.onnx'), {}),\n"
        "            lambda: load_exported(pathlib.Path(__import__('sys').argv[1]))):\n"
        "    try: act()\n"
        "    except ExportMissing as error: print(error)\n"
    )
    (tmp_path / "x.onnx").touch()
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.onnx")], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "onnx is not installed; run `pip install onnx onnxruntime`",
        "onnxruntime is not installed; run `pip install onnx onnxruntime`",
    ], done.stderr
    assert done.stdout.count("pip install onnx onnxruntime") == 2
    assert issubclass(ExportMissing, ValueError)
