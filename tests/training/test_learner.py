"""The learner: precision, steps, averages, and when a fit ends."""

import copy
import math
from collections import Counter
from typing import Any

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn
from torch.utils.data import DataLoader, SequentialSampler, TensorDataset

from losses import build_loss
from models import build_model
from training import build_learner, fit, load_best
from training.precision import in_float32
from training.watch import Sent, TrainingDiverged

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 3, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}


def test_training_learns(make_learner):
    learn = make_learner()
    fit(learn, **PLAN | {"epochs": 10})
    losses = [row["train/loss"] for row in learn.checkpoint.history]
    assert losses[-1] < 0.3 * losses[0]
    assert [row["epoch"] for row in learn.checkpoint.history] == list(range(1, 11))


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_without_an_evaluation_the_last_weights_are_kept(make_learner, ema):
    learn = make_learner(ema=ema, patience=1, eval_every=2)
    learn = build_learner(
        learn.model, learn.dls.train.loader, nn.CrossEntropyLoss(), None, folder=learn.checkpoint.folder, device="cpu",
        precision="fp32", lr=0.01, weight_decay=0.01, monitor="miou", ema=ema, patience=1, evaluations=2,
    )  # fmt: skip
    fit(learn, **PLAN | {"epochs": 4})
    assert [row["epoch"] for row in learn.checkpoint.history] == [1, 2, 3, 4]
    assert not [key for row in learn.checkpoint.history for key in row if key.startswith("val/")]
    last = copy.deepcopy((learn.average.module if ema else learn.model).state_dict())
    load_best(learn.checkpoint.folder, learn.model)
    assert all(torch.equal(value, last[key]) for key, value in learn.model.state_dict().items())


def test_bf16_takes_effect_on_the_cpu_but_for_depthwise_convolutions(make_learner):
    learn = make_learner(precision="bf16")
    seen = {}
    for name in ("backbone.0", "backbone.2", "head"):
        module = learn.model.get_submodule(name)
        module.register_forward_hook(lambda m, i, out, name=name: seen.update({name: out.dtype}))
    inside = []
    depthwise = learn.model.backbone[2]
    plain = depthwise._conv_forward
    depthwise._conv_forward = lambda x, w, b: inside.append((x.dtype, w.dtype)) or plain(x, w, b)
    fit(learn, **PLAN | {"epochs": 1})
    assert seen == {"backbone.0": torch.bfloat16, "backbone.2": torch.bfloat16, "head": torch.bfloat16}
    assert set(inside) == {(torch.float32, torch.float32)}
    assert all(parameter.dtype == torch.float32 for parameter in learn.model.parameters())
    assert "forward" not in vars(depthwise)
    assert not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize("padding", [1, "SAME"])
def test_a_depthwise_convolution_in_float32_keeps_its_input_as_it_came(padding):
    conv: nn.Conv2d = Conv2dSame(4, 4, 3, stride=2, groups=4) if padding == "SAME" else nn.Conv2d(4, 4, 3, 1, 1, 1, 4)
    x = torch.randn(2, 4, 8, 8).to(torch.bfloat16).requires_grad_()
    gradients = []
    for layer in (lambda x: conv(x.float()).to(x.dtype), in_float32(conv.forward)):
        conv.zero_grad()
        x.grad = None
        layer(x).square().sum().backward()
        gradients.append((x.grad, conv.weight.grad))
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))
    y = in_float32(conv.forward)(x * 1)
    assert kept(y) == {torch.bfloat16: 1, torch.float32: 1}  # the input, and the weights


def kept(result: torch.Tensor) -> Counter[torch.dtype]:
    """How many tensors the gradient of a convolution keeps, by their number format."""
    step: Any = result.grad_fn
    while not hasattr(step, "_raw_saved_input"):
        step = step.next_functions[0][0]
    return Counter(saved.data.dtype for saved in (step._raw_saved_input, step._raw_saved_weight))


def test_bf16_is_evaluated_in_inference_mode_during_the_training(make_learner):
    shapes = []

    @torch.inference_mode()
    def evaluate(network):
        shapes.append(network(torch.rand(1, 3, 32, 32)).shape)
        return {"miou": 0.5}

    fit(make_learner(precision="bf16", evaluate=evaluate), **PLAN)
    assert shapes == [(1, 3, 32, 32)] * 3


def test_bf16_learns(make_learner):
    learn = make_learner(precision="bf16")
    fit(learn, **PLAN | {"epochs": 10})
    losses = [row["train/loss"] for row in learn.checkpoint.history]
    assert losses[-1] < 0.3 * losses[0]


def test_auxiliary_logits_train_and_are_neither_evaluated_nor_kept(make_learner):
    evaluated = []

    def evaluate(network):
        evaluated.append(network(torch.rand(1, 3, 32, 32)))
        return {"miou": 0.5}

    model = build_model("bisenet", 3, "test_resnet")
    before = copy.deepcopy(model.auxiliary).state_dict()
    learn = make_learner(model=model, loss=build_loss("ce"), evaluate=evaluate, precision="bf16", ema=0.9, batch_size=4)
    fit(learn, **PLAN | {"epochs": 2})
    assert [logits.shape for logits in evaluated] == [(1, 3, 32, 32)] * 2
    assert not torch.equal(model.auxiliary.state_dict()["1.1.weight"], before["1.1.weight"])
    assert learn.checkpoint.history[-1]["train/loss"] < learn.checkpoint.history[0]["train/loss"]
    load_best(learn.checkpoint.folder, model)
    assert not [name for name in model.state_dict() if name.startswith("auxiliary.")]


def test_channels_last_is_the_memory_format(make_learner):
    learn = make_learner(channels_last=True)
    formats = []
    learn.model.register_forward_pre_hook(
        lambda m, inputs: formats.append(inputs[0].is_contiguous(memory_format=torch.channels_last))
    )
    fit(learn, **PLAN | {"epochs": 1})
    assert all(formats)
    assert learn.model.backbone[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_images_arrive_in_zero_to_one_and_targets_as_int64(make_learner):
    learn = make_learner()
    seen = []
    learn.model.register_forward_pre_hook(lambda m, inputs: seen.append((inputs[0].min(), inputs[0].max())))
    inner = learn.loss_func
    dtypes = set()
    learn.loss_func = lambda logits, target: dtypes.add(target.dtype) or inner(logits, target)
    fit(learn, **PLAN | {"epochs": 1})
    assert all(0 <= low <= high <= 1 for low, high in seen)
    assert max(high for _, high in seen) > 0.5
    assert dtypes == {torch.int64}


def test_accumulated_batches_make_one_step(make_learner):
    ends = []
    for batch_size, accumulate in ((2, 2), (4, 1)):
        learn = make_learner(batch_size=batch_size, accumulate=accumulate)
        fit(learn, **PLAN | {"epochs": 1})
        ends.append(int(learn.opt.state_dict()["state"][0]["step"]))
    assert ends == [3, 2]  # 5 batches of 2: two pairs and the rest; 2 batches of 4


def test_accumulated_gradient_is_that_of_one_large_batch(make_learner):
    gradients = []
    for batch_size, accumulate in ((1, 10), (10, 1)):
        learn = make_learner(batch_size=batch_size, accumulate=accumulate)
        learn.model.backbone[1].eval()  # statistics and dropout depend on the batch
        learn.model.backbone.train = lambda mode=True, backbone=learn.model.backbone: backbone
        learn.model.backbone[3].eval()
        learn._step = lambda learn=learn: gradients.append(learn.model.head.weight.grad.clone())
        fit(learn, **PLAN | {"epochs": 1})
    assert len(gradients) == 2
    assert torch.allclose(gradients[0], gradients[1], rtol=1e-3, atol=1e-6)


def test_the_rest_of_an_epoch_counts_as_a_whole_step(make_learner):
    """10 batches in groups of 4: the last two move the weights by their mean, as if they were one large batch."""
    divisors = []
    learn = make_learner(batch_size=1, accumulate=4)
    learn._backward = lambda: divisors.append(float((learn.loss / learn.loss_grad).detach()))
    fit(learn, **PLAN | {"epochs": 1})
    assert divisors == pytest.approx([4] * 8 + [2] * 2)


def test_no_gradient_is_left_over_from_another_stage(make_learner):
    ends = []
    for left in (None, 1e6):
        learn = make_learner(accumulate=2)
        for parameter in learn.model.parameters():
            parameter.grad = left and torch.full_like(parameter, left)
        fit(learn, **PLAN | {"epochs": 1})
        ends.append(learn.model.head.weight.detach().clone())
    assert torch.equal(*ends)


def test_gradient_clipping_bounds_the_norm(make_learner):
    learn = make_learner(grad_clip=1e-3)
    norms = []
    step = learn._step
    learn._step = lambda: norms.append(nn.utils.get_total_norm([p.grad for p in learn.model.parameters()])) or step()
    fit(learn, **PLAN | {"epochs": 1})
    assert norms
    assert max(norms) <= 1.001e-3


def test_average_trails_the_weights_and_is_what_is_evaluated(make_learner):
    evaluated = []
    learn = make_learner(ema=0.7, evaluate=lambda model: evaluated.append(model) or {"miou": 0.5})
    first = learn.model.head.weight.detach().clone()
    expected = first.clone()
    parts: list[float] = []
    step = learn._step
    steps = PLAN["epochs"] * len(learn.dls.train)

    def follow():
        step()
        parts.append(0.3 ** min(1, 10 * len(parts) / steps))
        expected.lerp_(learn.model.head.weight.detach(), parts[-1])

    learn._step = follow
    fit(learn, **PLAN)
    assert (len(parts), parts[0], parts[-1]) == (steps, 1, 0.3)
    assert evaluated[-1] is learn.average.module
    assert torch.allclose(learn.average.module.head.weight, expected, atol=1e-6)
    assert not torch.equal(learn.average.module.head.weight, learn.model.head.weight)


def test_patience_ends_the_fit(make_learner):
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.1])
    learn = make_learner(patience=2, evaluate=lambda _: {"miou": next(scores)})
    fit(learn, **PLAN | {"epochs": 6})
    assert len(learn.checkpoint.history) == 4


def test_patience_ends_each_stage_by_its_own_evaluations(make_learner):
    learn = make_learner(patience=2, evaluate=lambda _: {"miou": 0.5})
    fit(learn, **PLAN | {"fit": "fine_tune", "epochs": 5, "freeze_epochs": 5})
    assert [row["epoch"] for row in learn.checkpoint.history] == [1, 2, 3, 6, 7]


def test_evaluation_every_other_epoch_and_after_the_last(make_learner):
    learn = make_learner(eval_every=2)
    fit(learn, **PLAN | {"epochs": 5})
    assert [row["epoch"] for row in learn.checkpoint.history if "val/miou" in row] == [2, 4, 5]


def test_a_loss_that_is_not_finite_stops_within_ten_steps_and_names_lr(make_learner):
    learn = make_learner()
    steps = []
    step = learn._step
    learn._step = lambda: steps.append(1) or step()
    inner = learn.loss_func
    learn.loss_func = lambda logits, target: inner(logits, target) * math.nan
    message = r"^the loss is no longer finite .* lower lr \(now 0.01\) or set grad_clip=1"
    with pytest.raises(TrainingDiverged, match=message):
        fit(learn, **PLAN | {"epochs": 50})
    assert len(steps) <= 10


@pytest.mark.parametrize("there", [True, False], ids=["at once", "later"])
@pytest.mark.parametrize("failing", [1, 7, 10, 11, 20, 23, 25])
def test_the_first_loss_that_is_not_finite_is_named_whenever_losses_arrive(make_learner, monkeypatch, there, failing):
    monkeypatch.setattr(Sent, "is_there", there)
    data = TensorDataset(torch.zeros(25, 3, 8, 8, dtype=torch.uint8), torch.zeros(25, 8, 8))
    steps: list[int] = []
    learn = make_learner(loader=DataLoader(data, batch_size=1, sampler=InOrder(data)))
    inner = learn.loss_func
    learn.loss_func = lambda *batch: inner(*batch) * (math.nan if len(steps) + 1 == failing else 1)
    step = learn._step
    learn._step = lambda: steps.append(1) or step()
    with pytest.raises(TrainingDiverged, match=rf"epoch 1, step {failing}, lr"):
        fit(learn, **PLAN)
    expected = math.ceil(failing / 10) * 10 + (0 if there else 10)
    assert len(steps) == min(25, expected)


@pytest.mark.parametrize("there", [True, False], ids=["at once", "later"])
def test_the_loss_of_an_epoch_is_that_of_all_its_steps(make_learner, monkeypatch, there):
    monkeypatch.setattr(Sent, "is_there", there)
    losses = []
    data = TensorDataset(torch.zeros(20, 3, 8, 8, dtype=torch.uint8), torch.zeros(20, 8, 8))
    learn = make_learner(loader=DataLoader(data, batch_size=1, sampler=InOrder(data)))
    inner = learn.loss_func
    learn.loss_func = lambda *batch: losses.append(inner(*batch)) or losses[-1]
    fit(learn, **PLAN | {"epochs": 1})
    assert learn.checkpoint.history[0]["train/loss"] == pytest.approx(torch.stack(losses).mean().item())


class InOrder(SequentialSampler):
    """Takes the number of the epoch, and does nothing with it."""

    epoch = 0
