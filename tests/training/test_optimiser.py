"""Which parameters decay, and the one direction in which a schedule by the clock runs."""

from typing import Any

import torch
from fastai.callback.core import Callback
from torch import nn

from tests.training.conftest import Small
from training import fit
from training.schedule import TimeBudget, in_groups, split_parameters

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 4, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}


class NoGradient(Callback):
    """Each step comes without a gradient, so that weight decay alone moves the weights."""

    order = 99

    def before_step(self):
        for parameter in self.learn.model.parameters():
            parameter.grad = torch.zeros_like(parameter)


def test_weight_decay_shrinks_kernels_and_leaves_norms_and_biases_alone(make_learner):
    learn = make_learner(callbacks=[NoGradient()], weight_decay=0.1)
    before = {name: parameter.detach().clone() for name, parameter in learn.model.named_parameters()}
    fit(learn, **PLAN | {"fit": "flat", "epochs": 1})
    for name, parameter in learn.model.named_parameters():
        share = (1 - 0.01 * 0.1) ** 5 if parameter.ndim > 1 else 1.0
        torch.testing.assert_close(parameter.detach(), before[name] * share, msg=name)


def test_the_state_of_an_optimiser_of_two_groups_goes_on_in_four():
    torch.manual_seed(0)
    model = Small()
    old = torch.optim.AdamW([{"params": model.backbone.parameters()}, {"params": model.head.parameters()}], lr=0.1)
    model(torch.rand(2, 3, 8, 8)).square().mean().backward()
    old.step()
    state = in_groups(old.state_dict(), model)
    new = torch.optim.AdamW([{"params": group} for group in split_parameters(model)])
    new.load_state_dict(state)
    for parameter in model.parameters():
        assert torch.equal(new.state[parameter]["exp_avg"], old.state[parameter]["exp_avg"])
    assert [group["weight_decay"] for group in new.param_groups] == [0.01, 0.0, 0.01, 0.0]
    assert [group["lr"] for group in new.param_groups] == [0.1] * 4
    assert in_groups(state, model) is state


def test_every_parameter_is_in_one_group():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    groups = split_parameters(model)
    assert [len(group) for group in groups] == [0, 0, 1, 3]


def test_a_schedule_by_the_clock_never_runs_backwards(make_learner, monkeypatch):
    shares = []

    class Look(Callback):
        order = 58  # after the budget and before the schedule

        def before_batch(self):
            shares.append(self.learn.pct_train)

    monkeypatch.setattr(TimeBudget, "_clock", lambda budget: (1.0, 0.5))
    fit(make_learner(callbacks=[Look()]), **PLAN, max_minutes=1)
    assert len(shares) == 20
    assert shares == sorted(shares)
    assert shares[0] == 0.5
