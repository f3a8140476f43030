"""Trainings of depth: from public data sets, and masks from one data set with depth from another."""

import json

import numpy as np
import pytest
import yaml
from safetensors.torch import load_file

import train
from camvid.layouts import content_digest, open_dataset, open_depth
from camvid.synth import synth
from tests.camvid.depth.test_public import WRITERS
from tests.train.started import command, only

pytestmark = pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")  # Virtual KITTI's split
HYDRA = ["--architecture=hydra", "--weights=none", "--epochs=1", "--batch_size=2", "--resize_factor=1"]


def trained(root, tmp_path, *flags):
    """The folder of a run, and its metrics."""
    assert train.cli(command(root, tmp_path / "runs", *HYDRA, *flags)[2:]) == 0
    folder = only(tmp_path / "runs")
    return folder, json.loads((folder / "metrics.json").read_text())


def test_masks_of_one_data_set_and_depth_of_another_train_one_network(data, tmp_path, here):
    deep = tmp_path / "deep"
    synth(deep, frames=9, seed=4, layout="fastai", size=(72, 120), depth=True)
    folder, metrics = trained(data, tmp_path, "--tasks=segmentation,depth", f"--depth_data={deep}")
    assert np.isfinite(metrics["miou"])
    assert not np.isfinite(metrics.get("depth/abs_rel") or np.nan)  # the first data set has nothing to measure it by
    dataset = open_dataset(data)
    note = yaml.safe_load((folder / "data.yaml").read_text())["depth_data"]
    digest = content_digest(open_depth(deep, dataset.taxonomy))
    assert note == {"name": "deep", "version": None, "digest": digest}
    assert np.isfinite(load_file(folder / "model.safetensors")["focal"].item())


@pytest.mark.soak
@pytest.mark.parametrize("name", WRITERS)
def test_a_replica_with_depth_is_trained_on_and_judged(name, tmp_path, here):
    WRITERS[name](tmp_path / "set")
    labelled = any(frame.mask for frame in open_dataset(tmp_path / "set").splits["train"])
    tasks = "segmentation,depth" if labelled else "depth"
    _, metrics = trained(tmp_path / "set", tmp_path, f"--tasks={tasks}", "--monitor=depth/abs_rel")
    assert np.isfinite(metrics["depth/abs_rel"])
    assert ("miou" in metrics) == labelled
