"""What every model owes, whichever its architecture and backbone."""

import copy

import pytest
import torch
from torch import nn

from losses import build_loss
from models import ARCHITECTURES, build_model
from tests.models.built import NUM_CLASSES, images, predicted, trained

UNET_BACKBONES = [
    "resnet18",
    "resnet50",
    "vgg16_bn",
    "mobilenetv2_100",
    "mobilenetv3_small_050",
    "mobilenetv3_large_100",
    "efficientnet_lite0",
]
CASES = [
    *[("unet", backbone, False) for backbone in UNET_BACKBONES],
    ("unet", "test_convnext", False),  # its first feature map is at stride 4
    ("unet", "test_mambaout", False),  # its maps are (N, H, W, C)
    ("unet", "resnet18", True),
    ("unet", "mobilenetv2_100", True),
    ("plain_unet", "", False),
    ("plain_unet", "", True),
    ("deeplabv3plus", "test_resnet", False),
    ("segformer", "mit_b0", False),
    ("upernet", "test_resnet", False),
    ("upernet", "mit_b0", False),
    ("fpn", "test_resnet", False),
    ("upernet", "swin_tiny_patch4_window7_224", False),  # the same, and timm calls it a model of one input size
    ("fpn", "efficientnet_lite0", False),
    ("bisenet", "test_resnet", False),
    ("bisenet", "efficientnet_lite0", False),
    ("hydra", "mobilenetv2_100", True),
    ("hydra", "test_convnext", False),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def case(request):
    """One model after the other: each is built once for all its tests."""
    return request.param


def test_every_architecture_is_tested():
    assert {architecture for architecture, _, _ in CASES} == set(ARCHITECTURES)


def test_an_unknown_architecture_lists_them_all():
    with pytest.raises(ValueError, match=f"'linknet' is unknown; choose from {', '.join(ARCHITECTURES)}$"):
        build_model("linknet", NUM_CLASSES)


@torch.no_grad()
def test_logits_have_the_size_of_the_image(case):
    for height, width in ((33, 71), (32, 32), (1, 7)):
        logits = predicted(trained(case), images(height, width, count=1))
        assert logits.shape == (1, NUM_CLASSES, height, width)
        assert logits.isfinite().all()
    assert (logits < 0).any()  # raw: neither a softmax nor a ReLU came after


@torch.no_grad()
def test_an_image_is_predicted_alike_alone_in_a_batch_and_in_channels_last(case):
    batch = images(32, 64)
    together = predicted(trained(case), batch)
    torch.testing.assert_close(predicted(trained(case), batch[1:]), together[1:], rtol=1e-3, atol=1e-3)
    last = copy.deepcopy(trained(case)).to(memory_format=torch.channels_last)
    torch.testing.assert_close(
        predicted(last, batch.contiguous(memory_format=torch.channels_last)), together, rtol=1e-3, atol=1e-3
    )
    assert (together[0] - together[1]).abs().max() > 1e-3  # the image matters


def test_backward_reaches_every_parameter(case):
    model = copy.deepcopy(trained(case)).train()
    target = torch.randint(0, NUM_CLASSES, (2, 33, 49))
    outputs = model(images(33, 49))
    build_loss("ce")(outputs.logits if case[0] == "hydra" else outputs, target).backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert [name for name, gradient in gradients.items() if gradient is None or not gradient.isfinite().all()] == []
    head = "head.segmentation.0.weight" if case[0] == "hydra" else "head.0.weight"
    assert gradients[head].abs().sum() > 0
    assert sum(float(parameter.grad.abs().sum()) for parameter in model.backbone.parameters()) > 0


@torch.no_grad()
def test_state_dict_goes_round(case):
    other = copy.deepcopy(trained(case))
    for tensor in other.state_dict().values():
        tensor.copy_(torch.rand_like(tensor.float()))
    expected = predicted(trained(case), images(32, 64))
    assert not torch.equal(predicted(other, images(32, 64)), expected)
    other.load_state_dict(trained(case).state_dict())
    assert torch.equal(predicted(other, images(32, 64)), expected)


def test_normalises_inside_with_the_mean_and_std_of_its_backbone(case):
    architecture, backbone, _ = case
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    if architecture == "plain_unet" or "lite" in backbone or backbone in ("test_resnet", "test_convnext"):
        mean = std = (0.5, 0.5, 0.5)
    seen = []
    hook = trained(case).backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    batch = images(32, 64)
    with torch.no_grad():
        trained(case)(batch)
    hook.remove()
    expected = (batch - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)
    torch.testing.assert_close(seen[0], expected)
    assert {"mean", "std"} <= trained(case).state_dict().keys()


def test_a_training_batch_of_one_either_works_or_is_named(case):
    model = copy.deepcopy(trained(case)).train()
    if case[0] in ("deeplabv3plus", "upernet", "bisenet"):
        with pytest.raises(ValueError, match=r"training batch of one 64x64 image, .* use a batch_size of 2 or more"):
            model(images(64, 64, count=1))
    else:
        assert predicted(model, images(64, 64, count=1)).shape == (1, NUM_CLASSES, 64, 64)
    with pytest.raises(ValueError, match="training batch of one 32x32 image"):
        model(images(32, 32, count=1))
    logits = model(images(32, 32, count=2))
    for one in [logits] if isinstance(logits, torch.Tensor) else [logits.logits, *getattr(logits, "auxiliary", ())]:
        assert one.shape == (2, NUM_CLASSES, 32, 32)


@pytest.mark.parametrize("case", [("unet", "test_resnet", True)], ids=str)
def test_exports(case):
    batch = images(32, 64, count=1)
    program = torch.export.export(trained(case), (batch,))
    with torch.no_grad():
        torch.testing.assert_close(program.module()(batch), trained(case)(batch), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_classes": 0}, "num_classes: 0 is not allowed"),
        ({"num_classes": True}, "num_classes: True is not allowed"),
        ({"num_classes": 2.0}, "num_classes: 2.0 is not allowed"),
        ({"backbone": "resnet43"}, "backbone: timm has no model 'resnet43'; did you mean .*resnet34"),
        ({"backbone": "zzzzzz"}, "timm has no model 'zzzzzz'; timm.list_models"),
        ({"backbone": "resnet50.magic"}, r"timm has no model 'resnet50.magic'; did you mean resnet50\."),
        ({"architecture": "fpn", "backbone": "mit_b9"}, "timm has no model 'mit_b9'"),
        ({"backbone": "vit_tiny_patch16_224"}, "vit_tiny_patch16_224 takes images of only one size"),
        ({"backbone": "test_coatnet"}, "test_coatnet takes images of only one size"),
        ({"backbone": "inception_v3"}, "inception_v3 gives no usable feature maps .* choose e.g. resnet34"),
        ({"architecture": "deeplabv3plus", "backbone": "densenet121"}, "densenet121 does not fit DeepLabV3Plus"),
        ({"architecture": "fpn", "backbone": "vit_tiny_patch16_224"}, "takes images of only one size"),
        ({"architecture": "fpn", "crp": True}, "crp: True is not allowed here"),
        ({"architecture": "bisenet", "crp": True}, "crp: True is not allowed here"),
        ({"architecture": "plain_unet", "weights": "imagenet"}, "plain_unet trains from scratch; use none"),
    ],
)
def test_what_cannot_be_built_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        build_model(**{"architecture": "unet", "num_classes": NUM_CLASSES, "backbone": "resnet18", **settings})


def test_a_plain_module_may_be_an_architecture_but_for_what_it_cannot_do(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: nn.Conv2d(3, num_classes, 1))
    assert isinstance(build_model("mine", NUM_CLASSES), nn.Conv2d)
    with pytest.raises(ValueError, match="mirror: True is not allowed, because mine makes a Conv2d; use False"):
        build_model("mine", NUM_CLASSES, mirror=True)


@torch.no_grad()
def test_mirror_averages_over_the_image_and_its_mirror_image_when_it_predicts():
    model = trained(("unet", "mobilenetv3_small_050", False))
    batch = images(33, 65)
    alone, mirrored = model(batch), model(batch.flip(-1)).flip(-1)
    assert not torch.equal(alone, mirrored)
    doubled = copy.deepcopy(model)
    doubled.mirror = True
    assert torch.equal(doubled(batch), (alone + mirrored) / 2)
    assert torch.equal(doubled(batch.flip(-1)).flip(-1), doubled(batch))
    assert build_model("unet", 2, "mobilenetv3_small_050", mirror=True).mirror
    torch.manual_seed(0)
    first = copy.deepcopy(model).train()(batch)
    torch.manual_seed(0)
    assert torch.equal(doubled.train()(batch), first)
