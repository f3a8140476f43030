"""A training on train and val: nothing is measured on val, and everything that it leaves says so."""

import json

import pytest
import yaml

import train
from camvid.layouts import content_digest, open_dataset
from commands.training_data import as_trained
from configs import TrainConfig
from eval.__main__ import main as eval_main
from models import load_model
from tests.drawings import synth_once
from tests.train.started import command, only

BOTH = ["--train_on=train+val", "--ema=0.8", "--eval_every=2"]


def test_the_frames_of_val_are_learned_after_those_of_train(data):
    dataset = open_dataset(data)
    assert as_trained(dataset, TrainConfig()) is dataset
    both = as_trained(dataset, TrainConfig(train_on="train+val"))
    assert both.splits["train"] == dataset.splits["train"] + dataset.splits["val"]
    assert (both.splits["val"], both.splits["test"]) == ((), dataset.splits["test"])


@pytest.mark.soak
def test_both_splits_are_learned_and_only_test_is_measured(data, tmp_path, here, capsys):
    dataset = open_dataset(data)
    count = {split: len(frames) for split, frames in dataset.splits.items()}
    flags = [*BOTH, "--epochs=2", "--batch_size=1", "--split=drives"]
    assert train.cli(command(data, tmp_path / "runs", *flags)[2:]) == 0
    said = capsys.readouterr()
    folder = only(tmp_path / "runs")
    assert "val frames are of" not in said.err
    assert said.out.count("train_on=train+val: nothing is measured on val") == 1
    assert "eval_every has no effect" in said.out
    assert f"report: none for val; on test: python -m eval {folder} --data {data}" in said.out
    assert not (folder / "report").exists()
    assert yaml.safe_load((folder / "config.yaml").read_text())["train_on"] == "train+val"
    history = json.loads((folder / "checkpoints" / "history.json").read_text())
    assert not [key for row in history for key in row if key.startswith("val/")]
    saved = load_model(folder)
    assert not [key for key in saved.metrics if key in ("miou", "loss")]
    drives = open_dataset(data, split="drives")
    assert saved.data["digest"] == content_digest(drives)  # the version of the data is that of other trainings
    assert sum(count.values()) == sum(map(len, drives.splits.values()))

    out = tmp_path / "test"
    assert eval_main([str(folder), f"--data={data}", f"--out={out}"]) == 0
    assert "trained on train+val" in capsys.readouterr().out
    assert "on the test split of camvid, trained on train+val</h1>" in (out / "index.html").read_text()
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["train_on"] == "train+val"
    assert 0 <= metrics["miou"] <= 1
    assert eval_main([str(folder), f"--data={data}", "--split=val", f"--out={out}"]) == 2
    assert "was trained on train+val, so it cannot be judged on val; take --split test" in capsys.readouterr().err

    other = tmp_path / "other"
    synth_once(other, frames=12, seed=9, layout="segnet", size=(96, 128))
    assert eval_main([str(folder), f"--data={other}", "--split=val", f"--out={out}"]) == 0  # it has not seen this val
    assert "was trained on train+val of data that differ from these" in capsys.readouterr().err
    assert train.cli(["--resume", str(folder), "--train_on=train"]) == 2


@pytest.mark.soak
def test_a_training_on_both_splits_resumes_and_keeps_its_budget(data, tmp_path, here, capsys):
    flags = [*BOTH, "--epochs=1000", "--max_minutes=0.1", "--fit=poly", "--architecture=hydra", "--tasks=depth"]
    deep = tmp_path / "deep"
    synth_once(deep, frames=12, seed=1, layout="segnet", size=(96, 128), depth=True)
    assert train.cli(command(deep, tmp_path / "runs", *flags)[2:]) == 0
    said = capsys.readouterr().out
    assert "max_minutes=0.1: the training ended in epoch" in said
    assert "depth/abs_rel" not in load_model(only(tmp_path / "runs")).metrics
