"""A time budget: the fit ends in time, with a finished schedule and an evaluation."""

import re
import time
from typing import Any

import pytest
from fastai.callback.core import Callback

from training import fit

PLAN: dict[str, Any] = {"fit": "one_cycle", "epochs": 3, "freeze_epochs": 1, "lr": 0.01, "backbone_lr_factor": 0.0}


def test_time_that_runs_out_in_an_evaluation_makes_it_the_last(make_learner):
    learn = make_learner()
    evaluate = learn.validate.evaluate
    learn.validate.evaluate = lambda model: time.sleep(0.5) or evaluate(model)
    fit(learn, **PLAN | {"epochs": 100}, max_minutes=0.4 / 60)
    (row,) = learn.checkpoint.history
    assert {"train/loss", "val/miou"} <= row.keys()


@pytest.mark.parametrize(("schedule", "least"), [("one_cycle", 0.05), ("poly", 0.2)])  # of lr; poly falls steeply
def test_time_budget_ends_in_time_with_a_finished_schedule_and_an_evaluation(make_learner, schedule, least):
    learn = make_learner()
    fit(learn, **PLAN | {"epochs": 100_000, "fit": schedule}, max_minutes=2 / 60)
    history = learn.checkpoint.history
    assert learn.watch.minutes < 0.2
    assert "val/miou" in history[-1]
    assert [row["lr"] for row in history if "lr" in row][-1] < 0.01 * least


@pytest.mark.parametrize("event", ["after_epoch", "before_epoch", "before_train"])
def test_time_that_runs_out_between_two_epochs_begins_none(make_learner, capfd, event):
    class Saving(Callback):
        """Makes what comes before the first step of the second epoch seem to take long."""

        order, run_valid = 99, False

        def take(self):
            if self.learn.checkpoint.history:
                self.learn.time_budget.started -= 1000

    setattr(Saving, event, Saving.take)
    learn = make_learner(callbacks=[Saving()])
    fit(learn, **PLAN, max_minutes=10)
    (row,) = learn.checkpoint.history
    assert {"train/loss", "val/miou"} <= row.keys()
    assert "max_minutes=10: the training ended in epoch 1 of 3" in capfd.readouterr().out


class Hurry(Callback):
    """Makes each step seem to take so many seconds."""

    order = 99

    def __init__(self, seconds=10):
        self.seconds = seconds

    def after_batch(self):
        self.learn.time_budget.started -= self.seconds
        self.learn.watch.fit_started -= self.seconds


def budgeted(make_learner, minutes=100 / 60, plan=PLAN, seconds=10, **settings):
    """A learner after a fit whose steps seem to take ten seconds; the steps of the last epoch, and the epochs."""
    learn = make_learner(callbacks=[Hurry(seconds)], **settings)
    fit(learn, **plan, max_minutes=minutes)
    return learn, [len(learn.watch.losses), *(row["epoch"] for row in learn.checkpoint.history)]


def test_a_budget_holds_within_one_epoch_and_keeps_time_for_the_evaluation(make_learner, capfd):
    learn, (steps, *epochs) = budgeted(make_learner, batch_size=1, rehearse=lambda model: 30.0)
    assert (steps, epochs) == (7, [1])  # 70 seconds of 100, in an epoch of 10 steps
    assert {"train/loss", "val/miou"} <= learn.checkpoint.history[-1].keys()
    assert learn.opt.hypers[-1]["lr"] < 0.01 * 0.2  # the schedule has ended all the same
    shown = capfd.readouterr()
    assert "max_minutes=1.66667: the training ended in epoch 1 of 3" in shown.out
    assert re.search(r"training: .* \d/30 \[00:0\d, (epoch 1/3 loss [\d.]+, )?at most 0\d:\d\d left", shown.err)
    assert "step/s" not in shown.err  # a guess by the steps, far beyond the budget


def test_an_evaluation_that_does_not_fit_is_told_and_half_of_the_time_trains(make_learner, capfd):
    _, (steps, *epochs) = budgeted(make_learner, batch_size=1, rehearse=lambda model: 1000.0)
    assert (steps, epochs) == (5, [1])
    said = capfd.readouterr().out
    assert "an evaluation takes about 16.7 minutes on this machine, so the budget of 1.7" in said


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
    assert "max_minutes=2: stage 1 of 2 ended in epoch 1 of 4" in said
    assert "max_minutes=2: the training ended in epoch 3 of 4" in said


def evaluated(make_learner, plan, minutes=300 / 60, **settings):
    """The share of the training at each evaluation, rounded, and the learner."""
    shares = []

    def evaluate(model):
        shares.append(round(learn.set_epoch.share, 1))
        return {"miou": 0.5}

    learn = make_learner(evaluate=evaluate, **settings)
    fit(learn, **plan, max_minutes=minutes)
    assert sum("val/miou" in row for row in learn.checkpoint.history) == len(shares)
    return shares, learn


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize(
    ("seconds", "expected", "epochs"),
    [
        (1, [0.3, 0.7, 1.0], [1, 2, 3, 4, 5, 6]),  # an epoch takes 10 seconds of 300, so the epochs end the training
        (8, [0.3, 0.7, 1.0], [1, 2, 3, 4, 5, 6]),  # and 80: every second one ends early, at 100, 200 or 300
        (30, [0.4, 0.7, 1.0], [1, 2, 3]),  # after the step that passes the third
    ],
)
def test_fast_and_slow_networks_are_evaluated_at_the_same_shares(make_learner, seconds, expected, epochs, accumulate):
    settings = {"batch_size": 1, "evaluations": 3, "accumulate": accumulate, "callbacks": [Hurry(seconds)]}
    shares, learn = evaluated(make_learner, PLAN | {"epochs": 6}, **settings)
    assert shares == expected
    assert [row["epoch"] for row in learn.checkpoint.history] == epochs


@pytest.mark.parametrize("minutes", [0, 60])
@pytest.mark.parametrize("evaluations", [1, 2, 7, 100])
def test_evaluations_come_at_the_ends_of_epochs_where_the_clock_shortens_none(make_learner, evaluations, minutes):
    shares, _ = evaluated(make_learner, PLAN | {"epochs": 7}, minutes, evaluations=evaluations)
    assert shares == {1: [1.0], 2: [0.6, 1.0]}.get(evaluations, [0.1, 0.3, 0.4, 0.6, 0.7, 0.9, 1.0])


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 0), (300 / 60, 0), (300 / 60, 30)])
def test_a_frozen_stage_is_part_of_the_training_whose_shares_count(make_learner, minutes, seconds):
    plan = PLAN | {"fit": "fine_tune", "freeze_epochs": 3, "epochs": 3}
    settings = {"batch_size": 1, "evaluations": 3, "callbacks": [Hurry(seconds)] if seconds else []}
    assert evaluated(make_learner, plan, minutes, **settings)[0] == ([0.4, 0.7, 1.0] if seconds else [0.3, 0.7, 1.0])


def test_marks_that_an_evaluation_passes_are_left_out(make_learner):
    def evaluate(model):
        learn.time_budget.started -= 50
        return {"miou": 0.5}

    learn = make_learner(batch_size=1, evaluate=evaluate, evaluations=10, callbacks=[Hurry()])
    fit(learn, **PLAN, max_minutes=200 / 60)
    assert len(learn.checkpoint.history) == 3  # after 20, 90 and 160 seconds, with a step or two before each
