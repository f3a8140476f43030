"""How far the average of the weights lags behind them."""

from typing import Any

import pytest
import torch
from fastai.callback.core import Callback

from training import fit

PLAN: dict[str, Any] = {"fit": "flat", "epochs": 20, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}
STEPS = 100  # five in an epoch


class Drift(Callback):
    """After each step the bias is the number of the step."""

    order = 60  # before the average looks

    def __init__(self) -> None:
        self.steps = 0

    def after_step(self):
        self.steps += 1
        with torch.no_grad():
            self.learn.model.head.bias.fill_(self.steps)


@pytest.mark.parametrize(
    ("decay", "lag"),
    [(0.5, 1), (0.9, 9), (0.999, STEPS / 4 - 1), (0.99999, STEPS / 4 - 1)],
    ids=["one step", "as its decay", "a quarter of the training", "no more"],
)
def test_the_average_lags_by_its_span_and_at_most_by_a_quarter_of_the_training(make_learner, decay, lag):
    drift = Drift()
    learn = make_learner(ema=decay, callbacks=[drift])
    fit(learn, **PLAN)
    assert drift.steps == STEPS
    assert STEPS - learn.average.module.head.bias.mean().item() == pytest.approx(lag, rel=0.05)


def test_with_accumulation_the_span_is_a_quarter_of_the_steps(make_learner):
    drift = Drift()
    learn = make_learner(ema=0.999, accumulate=2, callbacks=[drift])
    fit(learn, **PLAN)
    assert drift.steps == 60  # three in an epoch of five batches
    assert 60 - learn.average.module.head.bias.mean().item() == pytest.approx(60 / 4 - 1, rel=0.1)
