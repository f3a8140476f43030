"""Runs whose process was killed: what they lack comes from the checkpoint's history, each epoch once and in order."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import wandb
from fastai.callback.core import Callback, CancelFitException
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from artifacts import log_preview, sync_hint, tracked
from artifacts.callback import WandbCallback
from tests.client import teardown

pytestmark = [pytest.mark.usefixtures("online"), pytest.mark.timeout(120)]
EPOCHS = [{"epoch": epoch, "train/loss": 1 / epoch, "val/miou": epoch % 7 / 10} for epoch in range(1, 91)]
KILLED = """
import json, os, signal, sys, time, wandb
with wandb.init(project="roads", dir=sys.argv[1], id=sys.argv[2], resume="allow", mode="offline") as run:
    for metrics in json.loads(sys.argv[3]):
        run.log(metrics)
    time.sleep(1)  # the client's service writes behind
    os.kill(os.getpid(), signal.SIGKILL)
"""


class Saved(Callback):
    """Stands where the training's own callbacks fill in the metrics, and where the checkpoint ends a fit."""

    order = 95

    def after_epoch(self):
        self.learn.epoch_metrics = self.epochs[self.learn.epoch]
        if self.learn.epoch_metrics is self.epochs[-1]:
            raise CancelFitException


def fit(tracker, epochs):
    data = DataLoader(TensorDataset(torch.ones(2, 1), torch.ones(2, 1)), batch_size=2)
    saved = Saved()
    saved.epochs = epochs
    learn = Learner(DataLoaders(data, data), nn.Linear(1, 1), nn.MSELoss(), cbs=[saved, tracker])
    learn.logger = lambda _: None
    learn.fit(len(epochs) + 1, 0.0)


def epochs_of(run_id):
    run = wandb.Api().run(f"roads/{run_id}")
    return [row["epoch"] for row in run.scan_history(use_cache=False) if "epoch" in row], run.summary


def sync(command):
    words = shlex.split(command.splitlines()[-1].partition("wandb ")[2])
    teardown()
    done = subprocess.run([sys.executable, "-m", "wandb", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stdout + done.stderr


@pytest.mark.parametrize("on_the_server", [0, 2, 4])
def test_a_resumed_run_gets_what_the_server_lacks_and_nothing_twice(new_run, on_the_server):
    """The checkpoint holds three epochs: the server has none, fewer, or one more (logged before a kill in saving)."""
    with tracked(new_run(resume_id=f"lacks-{on_the_server}", whole=True)) as first:
        WandbCallback(first, EPOCHS[:on_the_server])
        first.log({"data": 1})
    with tracked(new_run(resume_id=first.id, whole=True)) as second:
        fit(WandbCallback(second, EPOCHS[:3]), EPOCHS[3:6])
    found, summary = epochs_of(first.id)
    assert found == [1, 2, 3, 4, 5, 6]
    assert (summary["val/miou"], summary["train/loss"]) == (0.6, pytest.approx(1 / 6))


def picture(path, value):
    Image.new("RGB", (8, 8), (value, 0, 0)).save(path)
    return path


def test_a_resumed_run_shows_its_data_once_and_again_only_if_they_look_different(new_run, tmp_path):
    same, other = picture(tmp_path / "same.png", 1), tmp_path / "other.png"
    for value in (2, 2, 3):
        with tracked(new_run(resume_id="shown", whole=True)) as run:
            log_preview(run, {"class_weights": same, "augmentation": picture(other, value)})
    rows = list(wandb.Api().run("roads/shown").scan_history(use_cache=False))
    shown = [sorted(key for key in row if key.startswith("data/")) for row in rows]
    assert shown == [["data/augmentation", "data/class_weights"], ["data/augmentation"]]


def track_and_be_killed(folder, run_id, epochs):
    """A process that tracks offline and is killed: its log ends in the middle of a record, or after the header."""
    folder.mkdir(exist_ok=True)
    words = [sys.executable, "-c", KILLED, folder, run_id, json.dumps(EPOCHS[:epochs])]
    assert subprocess.run(words, timeout=60, check=False).returncode == -signal.SIGKILL
    time.sleep(1 - time.time() % 1)  # the client names its folders by the second
    log = max(folder.glob(f"wandb/offline-run-*-{run_id}/*.wandb"))
    os.truncate(log, log.stat().st_size // 32768 * 32768 or 7)  # the client writes blocks, after a header of 7 bytes


@pytest.mark.soak
def test_a_run_killed_offline_is_synced_whole_by_the_line_that_is_printed(new_run, monkeypatch, tmp_path):
    folder = tmp_path / "run"
    for epochs in (80, 3):
        track_and_be_killed(folder, "killed", epochs)
    left = {part.name for part in folder.glob("wandb/offline-run-*")}
    monkeypatch.setenv("WANDB_MODE", "offline")
    with tracked(new_run(folder=folder, resume_id="killed", whole=True)) as run:
        fit(WandbCallback(run, EPOCHS[:-1]), EPOCHS[-1:])
    assert {part.name for part in folder.glob("wandb/offline-run-*")} == {Path(run.sync_dir).name}
    assert {part.name for part in folder.glob("wandb/replaced-*")} == {f"replaced-{name}" for name in left}
    monkeypatch.delenv("WANDB_MODE")
    for _ in range(2):
        sync(sync_hint(run))
        assert epochs_of("killed")[0] == list(range(1, 91))
        Path(run.sync_dir, "run-killed.wandb.synced").unlink()


@pytest.mark.soak
def test_a_run_killed_offline_goes_on_online_and_leaves_nothing_to_sync(new_run, tmp_path):
    track_and_be_killed(tmp_path / "run", "moved", 80)
    with tracked(new_run(resume_id="moved", whole=True)) as run:
        fit(WandbCallback(run, EPOCHS[:60]), EPOCHS[60:])
    assert epochs_of("moved")[0] == list(range(1, 91))
    assert not list((tmp_path / "run").glob("wandb/offline-run-*"))
