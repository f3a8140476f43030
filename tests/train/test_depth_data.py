"""Trainings of depth: from public data sets, and masks from one data set with depth from another."""

import json
import sys

import numpy as np
import pytest
import yaml
from safetensors.torch import load_file

import train
from camvid.layouts import content_digest, open_dataset, open_depth
from tests.camvid.depth.test_public import WRITERS
from tests.drawings import synth_once
from tests.train.started import command, only, run
from tests.train.test_resuming import killed, way_to
from tests.wandb_local.process import Server

pytestmark = pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")  # Virtual KITTI's split
HYDRA = ["--architecture=hydra", "--weights=none", "--epochs=1", "--batch_size=2", "--resize_factor=1"]


def trained(root, tmp_path, *flags):
    """The folder of a run, and its metrics."""
    assert train.cli(command(root, tmp_path / "runs", *HYDRA, *flags)[2:]) == 0
    folder = only(tmp_path / "runs")
    return folder, json.loads((folder / "metrics.json").read_text())


@pytest.mark.soak
def test_masks_of_one_data_set_and_depth_of_another_train_one_network(data, tmp_path, here):
    deep = tmp_path / "deep"
    synth_once(deep, frames=9, seed=4, layout="fastai", size=(72, 120), depth=True)
    folder, metrics = trained(data, tmp_path, "--tasks=segmentation,depth", f"--depth_data={deep}")
    assert np.isfinite(metrics["miou"])
    assert not np.isfinite(metrics.get("depth/abs_rel") or np.nan)  # the first data set has nothing to measure it by
    dataset = open_dataset(data)
    note = yaml.safe_load((folder / "data.yaml").read_text())["depth_data"]
    digest = content_digest(open_depth(deep, dataset.taxonomy))
    assert note == {"name": "camvid-depth-reference", "version": None, "digest": digest}
    assert np.isfinite(load_file(folder / "model.safetensors")["focal"].item())


READ = """
import json, sys, wandb
run = wandb.Api().run(f"local/camvid/{sys.argv[1]}")
inputs = sorted(artifact.name for artifact in run.used_artifacts())
counts = [len(wandb.Api().artifacts("dataset", f"camvid/{name}")) for name in ("camvid", "camvid-depth")]
print(json.dumps([inputs, counts, run.config["depth_data_version"]]))
"""


@pytest.mark.soak
def test_a_run_that_was_killed_and_one_without_the_folder_have_the_same_version_of_depth(data, tmp_path, environment):
    deep, both = tmp_path / "deep", [*HYDRA, "--tasks=segmentation,depth", "--resize_factor=0.34", "--batch_size=4"]
    synth_once(deep, frames=4, seed=4, layout="segnet", size=(72, 120), depth=True)
    with Server(tmp_path) as server:
        online = environment | way_to(server)
        killed(command(data, tmp_path / "cut", *both, "--epochs=2", f"--depth_data={deep}"), online, 1, 0.1)
        run([sys.executable, "train.py", "--resume", str(only(tmp_path / "cut"))], online)
        deep.rename(tmp_path / "gone")
        run(command(data, tmp_path / "moved", *both, "--depth_dataset=camvid/camvid-depth:latest"), online)
        for folder in (only(tmp_path / "cut"), only(tmp_path / "moved")):
            inputs, counts, note = json.loads(run([sys.executable, "-c", READ, folder.name], online).stdout)
            assert inputs == ["camvid-depth:v0", "camvid:v0"]
            assert counts == [1, 1]
            assert yaml.safe_load((folder / "data.yaml").read_text())["depth_data"] == note
            assert (note["name"], note["version"]) == ("camvid-depth", "v0")


@pytest.mark.soak
@pytest.mark.parametrize("name", WRITERS)
def test_a_replica_with_depth_is_trained_on_and_judged(name, tmp_path, here):
    WRITERS[name](tmp_path / "set")
    labelled = any(frame.mask for frame in open_dataset(tmp_path / "set").splits["train"])
    tasks = "segmentation,depth" if labelled else "depth"
    _, metrics = trained(tmp_path / "set", tmp_path, f"--tasks={tasks}", "--monitor=depth/abs_rel")
    assert np.isfinite(metrics["depth/abs_rel"])
    assert ("miou" in metrics) == labelled
