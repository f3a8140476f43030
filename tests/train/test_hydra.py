"""The recipe with depth: both tasks, each alone, and what is left of them."""

import json
import sys

import pytest
import torch
from safetensors.torch import load_file

import train
from eval.__main__ import main as eval_main
from models import load_model
from tests.drawings import synth_once
from tests.train.started import SMALL, only, run, weights
from tests.train.test_processes import LAUNCH
from tests.train.test_resuming import killed

HYDRA = ["--architecture=hydra", "--tasks=segmentation,depth", "--epochs=2"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Drawn streets with depth."""
    folder = tmp_path_factory.mktemp("measured") / "camvid"
    synth_once(folder, frames=20, seed=3, layout="segnet", size=(96, 128), depth=True)
    return folder


def command(data, out, *flags):
    return [f"--data={data}", f"--out={out}", *SMALL, *flags]


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.soak
def test_a_network_of_both_tasks_is_trained_judged_saved_and_loaded(measured, tmp_path, here, capsys):
    assert train.cli(command(measured, tmp_path / "runs", *HYDRA, "--ema=0.8", "--monitor=depth/abs_rel")) == 0
    said = capsys.readouterr().out
    folder = only(tmp_path / "runs")
    assert all("depth AbsRel" in line and "mIoU" in line for line in said.splitlines() if line.startswith("epoch"))
    history = json.loads((folder / "checkpoints" / "history.json").read_text())
    parts = {"train/loss/segmentation", "train/loss/depth", "train/weight/segmentation", "train/weight/depth"}
    assert all(parts <= row.keys() for row in history)
    metrics = metrics_of(folder)
    assert metrics["depth/abs_rel"] == min(row["val/depth/abs_rel"] for row in history)

    saved = load_model(folder)
    assert (saved.config["tasks"], saved.config["depth_loss"]) == (["segmentation", "depth"], "silog")
    outputs = saved.model(torch.rand(1, 3, 64, 96))
    assert outputs.logits.shape[1:] == (11, 64, 96)
    assert outputs.depth.shape == (1, 64, 96)
    assert float(saved.model.state_dict()["focal"]) > 0
    assert not [name for name in load_file(folder / "model.safetensors") if "log_variances" in name]

    out = tmp_path / "again"
    assert eval_main([str(folder), f"--data={measured}", "--split=val", f"--out={out}"]) == 0
    again = metrics_of(out)
    for key in ("miou", "depth/abs_rel", "depth/rmse", "depth/delta1"):
        assert again[key] == pytest.approx(metrics[key], abs=1e-6), key


@pytest.mark.soak
@pytest.mark.parametrize("task", ["segmentation", "depth"])
def test_one_task_alone_trains_too(measured, tmp_path, here, task):
    monitor = {"segmentation": "miou", "depth": "depth/delta1"}[task]
    flags = [*HYDRA, f"--tasks={task}", f"--monitor={monitor}", "--epochs=1"]
    assert train.cli(command(measured, tmp_path / "runs", *flags)) == 0
    folder = only(tmp_path / "runs")
    assert ("miou" in metrics_of(folder), "depth/abs_rel" in metrics_of(folder)) == (
        task == "segmentation",
        task == "depth",
    )
    assert load_model(folder).model.tasks == (task,)


@pytest.mark.soak
def test_a_run_of_both_tasks_that_was_killed_resumes_to_the_same_weights(measured, tmp_path, environment, here):
    flags = [*HYDRA, "--epochs=4", "--ema=0.8"]
    killed([sys.executable, "train.py", *command(measured, tmp_path / "cut", *flags)], environment, 2, 0.1)
    run([sys.executable, "train.py", "--resume", str(only(tmp_path / "cut"))], environment)
    assert train.cli(command(measured, tmp_path / "whole", *flags)) == 0
    whole, cut = weights(only(tmp_path / "whole")), weights(only(tmp_path / "cut"))
    assert whole.keys() == cut.keys()
    assert all(torch.equal(value, cut[key]) for key, value in whole.items())


@pytest.mark.soak
def test_two_processes_train_both_tasks(measured, tmp_path, environment):
    words = [*LAUNCH, *command(measured, tmp_path / "two", *HYDRA, "--device=cpu")]
    run(words, environment)
    folder = only(tmp_path / "two")
    history = json.loads((folder / "checkpoints" / "history.json").read_text())
    assert [row["epoch"] for row in history] == [1, 2]
    assert all(row["train/loss/depth"] > 0 and row["train/weight/depth"] != 1 for row in history)
    assert metrics_of(folder)["depth/abs_rel"] > 0
