"""The schedules: which rates, what is frozen, and what they refuse."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from training import fit
from training.schedule import stages

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 3, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}


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
        (Plain, "has no effect on Plain, which has no attribute `backbone`"),
        (lambda: Plain(backbone=nn.Identity()), "has no effect on Plain"),
        (lambda: Plain(backbone="resnet18"), "has no effect on Plain"),
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
    for schedule in ("one_cycle", "flat", "poly"):
        learn = make_learner(model=Plain())
        before = learn.model.body.weight.detach().clone()
        fit(learn, **PLAN | {"fit": schedule, "epochs": 1})
        assert not torch.equal(learn.model.body.weight, before)


def rates_of(learn, **changes):
    """The rates of the four groups at each step."""
    rates, step = [], learn._step
    learn._step = lambda: rates.append([group["lr"] for group in learn.opt.opt.param_groups]) or step()
    fit(learn, **PLAN | changes)
    return rates


def test_one_cycle_rises_and_falls_and_the_backbone_learns_slower(make_learner):
    rates = rates_of(make_learner(), epochs=8, backbone_lr_factor=0.1)
    head = [rate for _, _, rate, _ in rates]
    assert max(head) == pytest.approx(0.01, rel=0.01)
    assert head.index(max(head)) == pytest.approx(len(head) / 4, abs=1)
    assert head[0] == pytest.approx(0.01 / 25)
    assert head[-1] < 1e-4
    assert all(group[:2] == pytest.approx([group[2] / 10] * 2) and group[2] == group[3] for group in rates)


def test_poly_warms_up_and_falls_by_its_power(make_learner):
    """40 steps, of which 2 rise; the hundredth part of lr is the backbone's."""
    rates = rates_of(make_learner(), fit="poly", epochs=8, backbone_lr_factor=0.01)
    shares = np.arange(40) / 40
    expected = np.where(shares < 0.05, 0.04 + 0.96 * shares / 0.05, ((1 - shares) / 0.95).clip(0) ** 0.9)
    assert [rate for _, _, rate, _ in rates] == pytest.approx(0.01 * expected)
    assert [rate for rate, *_ in rates] == pytest.approx(0.0001 * expected)
    assert all(group[0] == group[1] and group[2] == group[3] for group in rates)


def test_flat_keeps_its_rate(make_learner):
    learn = make_learner()
    fit(learn, **PLAN | {"fit": "flat"})
    assert {row["lr"] for row in learn.checkpoint.history} == {0.01}


def test_unknown_schedule_lists_the_choices():
    with pytest.raises(ValueError, match="fit='cosine' is unknown; choose from one_cycle, fine_tune, flat, poly"):
        stages("cosine", epochs=1, freeze_epochs=1, lr=0.1, backbone_lr_factor=0.0)
