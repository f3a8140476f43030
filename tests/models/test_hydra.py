"""HydraNet: what its tasks share, the range of its depth, and what is saved of it."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from models import build_model, check_model, load_model, save_model
from models.crp import ChainedResidualPooling
from tests.models.built import images

BOTH = ("segmentation", "depth")
TAXONOMY = {"name": "small", "classes": [{"name": name, "color": [i, 0, 0]} for i, name in enumerate("abc")]}


def hydra(tasks=BOTH, backbone="test_resnet", **changes):
    torch.manual_seed(0)
    return build_model("hydra", 3, backbone, tasks=tasks, **changes)


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@torch.no_grad()
@pytest.mark.parametrize("tasks", [BOTH, ("depth", "segmentation"), ("segmentation",), ("depth",)], ids=str)
@pytest.mark.parametrize("training", [True, False])
def test_each_task_that_it_does_has_an_output_at_the_size_of_the_image(tasks, training):
    model = hydra(tasks).train(training)
    logits, depth, log_variances = model(images(33, 71))
    assert model.tasks == tuple(task for task in BOTH if task in tasks)
    assert (logits is None, depth is None) == ("segmentation" not in tasks, "depth" not in tasks)
    assert logits is None or logits.shape == (2, 3, 33, 71)
    assert depth is None or (depth.shape, depth.dtype) == ((2, 33, 71), torch.float32)
    assert log_variances is (model.log_variances if len(tasks) == 2 else None)


def test_the_tasks_share_all_but_a_light_head():
    joint, alone = hydra(backbone="mobilenetv2_100"), hydra(("segmentation",), "mobilenetv2_100")
    assert parameters(joint) < 1.01 * parameters(alone)
    calls = []
    joint.decoder.register_forward_hook(lambda *_: calls.append("decoder"))
    joint.backbone.register_forward_hook(lambda *_: calls.append("backbone"))
    joint(images(32, 64))
    assert sorted(calls) == ["backbone", "decoder"]


def test_one_task_of_segmentation_is_the_unet():
    unet, alone = build_model("unet", 3, "test_resnet").eval(), hydra(("segmentation",)).eval()
    names = {name.replace("head.segmentation.", "head."): value for name, value in alone.state_dict().items()}
    assert torch.isnan(names.pop("focal"))
    unet.load_state_dict(names)
    with torch.no_grad():
        assert torch.equal(unet(images(32, 64)), alone(images(32, 64)).logits)


def test_chained_residual_pooling_is_in_the_shared_decoder():
    chains = [name for name, part in hydra(crp=True).named_modules() if isinstance(part, ChainedResidualPooling)]
    assert chains
    assert all(name.startswith("decoder.") for name in chains)


@settings(max_examples=20, deadline=None)
@given(low=st.floats(0.01, 10), span=st.floats(1.1, 1000), bias=st.sampled_from([-1e4, -3.0, 0.0, 3.0, 1e4]))
@torch.no_grad()
def test_depth_lies_in_its_range_and_spans_it_in_log_space(low, span, bias):
    model = hydra(("depth",), depth_min=low, depth_max=low * span).eval()
    model.head["depth"][0].weight.zero_()
    model.head["depth"][0].bias.fill_(bias)
    depth = model(images(32, 32)).depth
    share = torch.sigmoid(torch.tensor(bias)).item()
    assert depth.min() >= torch.tensor(low)
    assert depth.max() <= torch.tensor(low * span)
    torch.testing.assert_close(depth, torch.full_like(depth, low * span**share), rtol=1e-4, atol=0)


def test_a_gradient_reaches_every_parameter_from_depth_alone():
    model = hydra(("depth",))
    model(images(33, 49)).depth.log().sum().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
    assert model.head["depth"][0].weight.grad.abs().sum() > 0


@torch.no_grad()
def test_depth_is_float32_under_autocast_and_near_that_without():
    model = hydra().eval()
    exact = model(images(32, 64)).depth
    with torch.autocast("cpu", torch.bfloat16):
        half = model(images(32, 64)).depth
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, exact, rtol=0.05, atol=0)


@torch.no_grad()
def test_mirror_averages_logits_and_the_logarithm_of_depth():
    model, batch = hydra().eval(), images(33, 65)
    alone, mirrored = model(batch), model(batch.flip(-1))
    doubled = copy.deepcopy(model)
    doubled.mirror = True
    torch.testing.assert_close(doubled(batch).logits, (alone.logits + mirrored.logits.flip(-1)) / 2)
    torch.testing.assert_close(doubled(batch).depth, (alone.depth * mirrored.depth.flip(-1)).sqrt())
    assert not torch.equal(doubled(batch).depth, alone.depth)


@torch.no_grad()
@pytest.mark.parametrize("tasks", [BOTH, ("depth",), ("segmentation",)], ids=str)
def test_goes_round_with_its_range_and_focal_length(tmp_path, tasks):
    model = hydra(tasks, depth_min=2.0, depth_max=50.0, focal=123.5)
    model(images(64, 64))
    own = {"tasks": [*tasks], "depth_min": 2.0, "depth_max": 50.0}
    config = {"architecture": "hydra", "backbone": "test_resnet", "crp": False, **own}
    save_model(tmp_path, model, config=config, taxonomy=TAXONOMY, data={}, metrics={})
    assert "log_variances" not in load_file(tmp_path / "model.safetensors")
    loaded = load_model(tmp_path).model
    outputs, expected = loaded(images(33, 65)), model.eval()(images(33, 65))
    for one, other in zip(outputs[:2], expected[:2], strict=True):
        assert one is other is None or torch.equal(one, other)
    assert outputs.log_variances is None
    focal = float(loaded.state_dict()["focal"])
    assert focal == 123.5 if "depth" in tasks else math.isnan(focal)


def test_weights_by_number_leave_nothing_to_learn():
    assert hydra(task_weights={"segmentation": 1.0, "depth": 2.0}).log_variances is None
    assert hydra(("depth",)).log_variances is None
    assert hydra(auxiliary=False).log_variances is None
    assert torch.equal(hydra().log_variances, torch.zeros(2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "unet"}, "tasks=segmentation,depth is not allowed, because unet only does segm.*=hydra$"),
        ({"architecture": "fpn", "tasks": ("depth",)}, "tasks=depth is not allowed, because fpn only does"),
        ({"architecture": "unet", "tasks": ["segmentation"], "depth_max": 100.0}, "depth_max=100 is not allowed, bec"),
        ({"tasks": ()}, "tasks: none is not allowed; name some of segmentation, depth, once"),
        ({"tasks": ("depth", "normals")}, "tasks: depth,normals is not allowed; name some"),
        ({"tasks": ("depth", "depth")}, "tasks: depth,depth is not allowed; name some"),
        ({"depth_min": 0.0}, "depth_min=0 and depth_max=80 are not allowed; give metres"),
        ({"depth_min": 80.0}, "depth_min=80 and depth_max=80 are not allowed"),
        ({"depth_max": math.inf}, "depth_min=1 and depth_max=inf are not allowed"),
    ],
)
def test_what_cannot_be_built_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        check_model(**{"architecture": "hydra", "backbone": "test_resnet", "tasks": BOTH, **changes})
