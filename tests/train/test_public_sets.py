"""The whole way of a public data set: a step of training, and an evaluation in its own classes and in CamVid's."""

import json
import warnings

import pytest
import torch
import yaml

import train
from camvid.layouts import content_digest, open_dataset
from camvid.layouts.notices import GuessWarning
from eval.__main__ import main as eval_main
from models import ARCHITECTURES
from tests.camvid.replicas.every import REPLICAS
from tests.train.started import command, only

SETS = ("cityscapes", "bdd100k", "kitti", "mapillary v1.2", "voc")


@pytest.mark.parametrize("name", SETS)
@pytest.mark.soak
def test_a_replica_is_trained_on_and_judged(name, tmp_path, here, monkeypatch, capsys):
    """The training itself evaluates val in the classes of the data."""
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: torch.nn.Conv2d(3, num_classes, 1))
    drawn, root = REPLICAS[name], tmp_path / "set"
    drawn.write(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuessWarning)  # KITTI's split
        flags = ["--epochs=1", "--architecture=mine", "--batch_size=2", "--resize_factor=1"]
        assert train.cli(command(root, tmp_path / "runs", *flags)[2:]) == 0
        folder, out = only(tmp_path / "runs"), tmp_path / "report"
        assert yaml.safe_load((folder / "taxonomy.yaml").read_text())["name"] == drawn.taxonomy
        assert yaml.safe_load((folder / "data.yaml").read_text())["digest"] == content_digest(open_dataset(root))
        capsys.readouterr()
        judge = [str(folder), f"--data={root}", "--split=val", f"--out={out}", "--taxonomy=camvid11"]
        assert eval_main(judge) == 0
    assert f"{drawn.taxonomy} is judged by camvid11" in capsys.readouterr().err
    own, camvids = (json.loads((place / "metrics.json").read_text()) for place in (folder, out))
    assert {"iou/car", "iou/Car"} & own.keys()
    assert {"iou/Car", "iou/Bicyclist"} <= camvids.keys()
    assert "iou/car" not in camvids
