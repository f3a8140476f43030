import math
from pathlib import Path
from typing import get_args

import pytest
import torch
import wandb
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from torch import nn
from torch.utils.data import DataLoader

from artifacts import tracked
from artifacts.callback import WandbCallback
from configs.values import Monitor

EPOCHS = [
    {"epoch": 1, "train/loss": 1.0, "lr": 1e-3, "throughput": 9.0, "val/miou": 0.3, "val/priority_dice": 0.2},
    {"epoch": 2, "train/loss": 0.5, "lr": 2e-3, "throughput": 8.0},
    {"epoch": 3, "train/loss": 0.4, "val/miou": 0.6, "val/priority_dice": 0.1, "val/iou/Car": math.nan},
    {"epoch": 4, "train/loss": 0.3, "val/miou": 0.5, "val/priority_dice": 0.15},
]


class Fill(Callback):
    """Stands where the training's own callbacks fill in an epoch's metrics."""

    def after_epoch(self):
        self.learn.epoch_metrics = self.epochs[self.learn.epoch]


@pytest.fixture
def fit():
    def run_epochs(run, epochs):
        data = DataLoader(torch.utils.data.TensorDataset(torch.ones(2, 1), torch.ones(2, 1)), batch_size=2)
        fill = Fill()
        fill.epochs = epochs
        learn = Learner(DataLoaders(data, data), nn.Linear(1, 1), nn.MSELoss(), cbs=[fill, WandbCallback(run)])
        learn.logger = lambda _: None
        learn.fit(len(epochs), 0.0)

    return run_epochs


def _rows(history):
    return [{key: value for key, value in row.items() if not key.startswith("_")} for row in history]


def test_logs_a_row_each_epoch_without_nan(new_run, read_run, fit):
    with tracked(new_run()) as run:
        fit(run, EPOCHS)
    expected = [{key: value for key, value in row.items() if not math.isnan(value)} for row in EPOCHS]
    assert _rows(read_run(Path(run.sync_dir)).history) == expected


def test_summary_keeps_the_best_as_plain_numbers(new_run, read_run, fit):
    with tracked(new_run()) as run:
        fit(run, EPOCHS)
    summary = read_run(Path(run.sync_dir)).summary
    assert summary["val/miou"] == 0.6
    assert summary["val/priority_dice"] == 0.2
    assert summary["train/loss"] == 0.3


def test_each_metric_that_a_training_can_monitor_is_kept_at_its_best(new_run, read_run, fit):
    monitors = [f"val/{name}" for name in get_args(Monitor)]
    with tracked(new_run()) as run:
        fit(run, [{"epoch": epoch, **dict.fromkeys(monitors, score)} for epoch, score in enumerate([0.1, 0.3, 0.2], 1)])
    best = {name: 0.1 if name in ("val/depth/abs_rel", "val/depth/rmse") else 0.3 for name in monitors}
    summary = read_run(Path(run.sync_dir)).summary
    assert {name: summary[name] for name in monitors} == best


@pytest.mark.usefixtures("online")
def test_the_best_survives_a_resume_on_a_server(new_run, fit):
    with tracked(new_run()) as first:
        fit(first, EPOCHS[:3])
    with tracked(new_run(resume_id=first.id)) as second:
        fit(second, EPOCHS[3:])
    found = wandb.Api().run(second.path)
    assert (found.summary["val/miou"], found.summary["val/priority_dice"]) == (0.6, 0.2)
    assert [row["epoch"] for row in found.scan_history()] == [1, 2, 3, 4]


def test_epochs_that_a_resumed_fit_skips_leave_no_row(new_run, read_run, fit):
    with tracked(new_run()) as run:
        fit(run, [{}, {"epoch": 2}, EPOCHS[2]])
    assert [row["epoch"] for row in read_run(Path(run.sync_dir)).history] == [3]


def test_an_error_while_logging_ends_the_training(new_run, fit):
    with tracked(new_run()) as run:
        pass
    with pytest.raises(Exception, match="finished"):
        fit(run, EPOCHS)


def test_disabled_runs_train_as_well(new_run, fit, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with tracked(new_run()) as run:
        fit(run, EPOCHS)
