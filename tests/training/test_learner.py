"""What the callbacks do to a fit."""

import copy
import math
import re
import time
from typing import Any

import pytest
import torch
from fastai.callback.core import Callback
from torch import nn

from losses import build_loss
from models import build_model
from training import fit, load_best
from training.progress import TrainingDiverged
from training.schedule import stages

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 3, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}


def test_training_learns(make_learner):
    learn = make_learner()
    fit(learn, **PLAN | {"epochs": 10})
    losses = [row["train/loss"] for row in learn.checkpoint.history]
    assert losses[-1] < 0.3 * losses[0]
    assert [row["epoch"] for row in learn.checkpoint.history] == list(range(1, 11))


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


def test_fine_tune_freezes_the_backbone_first_then_frees_it(make_learner):
    during: dict[str, torch.Tensor] = {}

    def look(model):
        during.setdefault("conv", model.backbone[0].weight.detach().clone())
        during.setdefault("head", model.head.weight.detach().clone())
        return {"miou": 0.5}

    learn = make_learner(evaluate=look)
    before = copy.deepcopy(learn.model.state_dict())
    fit(learn, **PLAN | {"fit": "fine_tune", "epochs": 2})
    assert torch.equal(during["conv"], before["backbone.0.weight"])
    assert not torch.equal(during["head"], before["head.weight"])
    assert not torch.equal(learn.model.backbone[0].weight, before["backbone.0.weight"])
    assert [row["epoch"] for row in learn.checkpoint.history] == [1, 2, 3]


class Plain(nn.Module):
    """A network without a `backbone`, or with one that is none."""

    def __init__(self, backbone=None):
        super().__init__()
        self.body = nn.Conv2d(3, 3, 1)
        if backbone is not None:
            self.backbone = backbone

    def forward(self, x):
        return self.body(x)


class AllBackbone(nn.Module):
    """A network that has nothing but its backbone."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.backbone(x)


@pytest.mark.parametrize(
    ("change", "named"),
    [({"fit": "fine_tune"}, "fit='fine_tune'"), ({"backbone_lr_factor": 0.1}, "backbone_lr_factor=0.1")],
)
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (Plain, "does nothing for Plain, which has no attribute `backbone`"),
        (lambda: Plain(backbone=nn.Identity()), "does nothing for Plain"),
        (lambda: Plain(backbone="resnet18"), "does nothing for Plain"),
        (AllBackbone, "leaves nothing to train in AllBackbone"),
    ],
)
def test_a_schedule_that_would_do_nothing_is_refused_before_it_begins(make_learner, change, named, make, why):
    learn = make_learner(model=make())
    with pytest.raises(ValueError, match=why) as raised:
        fit(learn, **PLAN | change)
    assert str(raised.value).startswith(named)
    assert learn.checkpoint.history == []


def test_a_model_without_a_backbone_learns_by_the_other_schedules(make_learner):
    for schedule in ("one_cycle", "flat"):
        learn = make_learner(model=Plain())
        before = learn.model.body.weight.detach().clone()
        fit(learn, **PLAN | {"fit": schedule, "epochs": 1})
        assert not torch.equal(learn.model.body.weight, before)


def test_one_cycle_rises_and_falls_and_the_backbone_learns_slower(make_learner):
    learn, rates = make_learner(), []
    step = learn._step
    learn._step = lambda: rates.append([group["lr"] for group in learn.opt.opt.param_groups]) or step()
    fit(learn, **PLAN | {"epochs": 8, "backbone_lr_factor": 0.1})
    head = [rate for _, _, rate, _ in rates]
    assert max(head) == pytest.approx(0.01, rel=0.01)
    assert head.index(max(head)) == pytest.approx(len(head) / 4, abs=1)
    assert head[0] == pytest.approx(0.01 / 25)
    assert head[-1] < 1e-4
    assert all(group[:2] == pytest.approx([group[2] / 10] * 2) and group[2] == group[3] for group in rates)


def test_flat_keeps_its_rate(make_learner):
    learn = make_learner()
    fit(learn, **PLAN | {"fit": "flat"})
    assert {row["lr"] for row in learn.checkpoint.history} == {0.01}


def test_unknown_schedule_lists_the_choices():
    with pytest.raises(ValueError, match="fit='cosine': allowed are one_cycle, fine_tune, flat"):
        stages("cosine", epochs=1, freeze_epochs=1, lr=0.1, backbone_lr_factor=0.0)


def test_average_trails_the_weights_and_is_what_is_evaluated(make_learner):
    evaluated = []
    learn = make_learner(ema=0.9, evaluate=lambda model: evaluated.append(model) or {"miou": 0.5})
    first = learn.model.head.weight.detach().clone()
    expected, steps = first.clone(), 0
    step = learn._step

    def follow():
        nonlocal steps
        step()
        steps += 1
        keep = min(0.9, (1 + steps) / (10 + steps))
        expected.lerp_(learn.model.head.weight.detach(), 1 - keep)

    learn._step = follow
    fit(learn, **PLAN)
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
    message = r"^the loss is not finite any more .* lower lr \(now 0.01\), or set grad_clip=1"
    with pytest.raises(TrainingDiverged, match=message):
        fit(learn, **PLAN | {"epochs": 50})
    assert len(steps) <= 10


def test_time_that_runs_out_in_an_evaluation_makes_it_the_last(make_learner):
    learn = make_learner()
    evaluate = learn.validate.evaluate
    learn.validate.evaluate = lambda model: time.sleep(0.5) or evaluate(model)
    fit(learn, **PLAN | {"epochs": 100}, max_minutes=0.4 / 60)
    (row,) = learn.checkpoint.history
    assert {"train/loss", "val/miou"} <= row.keys()


def test_time_budget_ends_in_time_with_a_finished_schedule_and_an_evaluation(make_learner):
    learn = make_learner()
    fit(learn, **PLAN | {"epochs": 100_000}, max_minutes=2 / 60)
    history = learn.checkpoint.history
    assert learn.watch.minutes < 0.2
    assert "val/miou" in history[-1]
    assert [row["lr"] for row in history if "lr" in row][-1] < 0.01 * 0.05


class Hurry(Callback):
    """Makes each step seem to take ten seconds."""

    order = 99

    def after_batch(self):
        self.learn.time_budget.started -= 10
        self.learn.watch.fit_started -= 10


def budgeted(make_learner, minutes=100 / 60, plan=PLAN, **settings):
    """A learner after a fit whose steps seem to take ten seconds; the steps of the last epoch, and the epochs."""
    learn = make_learner(callbacks=[Hurry()], **settings)
    fit(learn, **plan, max_minutes=minutes)
    return learn, [len(learn.watch.losses), *(row["epoch"] for row in learn.checkpoint.history)]


def test_a_budget_holds_within_one_epoch_and_keeps_time_for_the_evaluation(make_learner, capfd):
    learn, (steps, *epochs) = budgeted(make_learner, batch_size=1, rehearse=lambda model: 30.0)
    assert (steps, epochs) == (7, [1])  # 70 seconds of 100, in an epoch of 10 steps
    assert {"train/loss", "val/miou"} <= learn.checkpoint.history[-1].keys()
    assert learn.opt.hypers[-1]["lr"] < 0.01 * 0.2  # the schedule has ended all the same
    shown = capfd.readouterr()
    assert "max_minutes=1.66667 has ended the training in epoch 1 of 3" in shown.out
    assert re.search(r"training: .* \d/30 \[00:0\d, (epoch 1/3 loss [\d.]+, )?at most 0\d:\d\d left", shown.err)
    assert "step/s" not in shown.err  # a guess by the steps, far beyond the budget


def test_an_evaluation_that_does_not_fit_is_told_and_half_of_the_time_trains(make_learner, capfd):
    _, (steps, *epochs) = budgeted(make_learner, batch_size=1, rehearse=lambda model: 1000.0)
    assert (steps, epochs) == (5, [1])
    said = capfd.readouterr().out
    assert "an evaluation takes about 16.7 minutes here, too much for a budget of 1.7" in said


def test_a_rehearsal_that_takes_long_leaves_the_schedule_whole(make_learner):
    def rehearse(model):
        learn.time_budget.started -= 50
        return 0.0

    learn, rates = make_learner(batch_size=1, rehearse=rehearse), []
    step = learn._step
    learn._step = lambda: rates.append(learn.opt.hypers[-1]["lr"]) or step()
    fit(learn, **PLAN, max_minutes=100 / 60)
    assert rates[0] < 0.01 * 0.2  # half of the time is over, and the rate begins low all the same


def test_an_evaluation_that_was_measured_takes_the_place_of_the_rehearsed(make_learner):
    slow = make_learner(evaluate=lambda model: time.sleep(0.05) or {"miou": 0.5}, rehearse=lambda model: 1000.0)
    fit(slow, **PLAN, max_minutes=60)
    assert 0.05 <= slow.validate.seconds < 1000
    assert len(slow.checkpoint.history) == 3


def test_without_a_budget_nothing_is_rehearsed_and_no_end_is_told(make_learner, capfd):
    def rehearse(model):
        raise AssertionError

    fit(make_learner(rehearse=rehearse), **PLAN)
    assert "max_minutes" not in capfd.readouterr().out


def test_a_budget_that_is_not_used_up_ends_nothing(make_learner, capfd):
    _, (steps, *epochs) = budgeted(make_learner, minutes=60)
    assert (steps, epochs) == (5, [1, 2, 3])
    assert "max_minutes" not in capfd.readouterr().out


def test_what_a_stage_has_left_over_is_the_next_one_s(make_learner, capfd):
    plan = PLAN | {"fit": "fine_tune", "freeze_epochs": 1, "epochs": 3}
    _, (_, *epochs) = budgeted(make_learner, minutes=200 / 60, plan=plan)
    assert epochs == [1, 2, 3, 4]  # 50 seconds each
    assert "max_minutes" not in capfd.readouterr().out
    _, (steps, *epochs) = budgeted(make_learner, minutes=120 / 60, plan=plan)
    assert (steps, epochs) == (4, [1, 2, 3])  # 30 seconds of 120; then 90, as an epoch takes 50
    said = capfd.readouterr().out
    assert "max_minutes=2 has ended the stage 1 of 2 in epoch 1 of 4" in said
    assert "max_minutes=2 has ended the training in epoch 3 of 4" in said
