"""The whole way of a public data set: a step of training, an evaluation in its own classes and in CamVid's."""

import json
import warnings

import pandas as pd
import pytest
import torch
import yaml

import train
from camvid.layouts.notices import GuessWarning
from eval.__main__ import main as eval_main
from models import ARCHITECTURES
from tests.camvid.replicas.every import REPLICAS
from tests.train.started import command, only

SETS = ("cityscapes", "bdd100k", "kitti", "mapillary v1.2", "voc")


@pytest.mark.parametrize("name", SETS)
def test_a_replica_is_trained_on_evaluated_and_tracked(name, tmp_path, here, monkeypatch, capsys):
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: torch.nn.Conv2d(3, num_classes, 1))
    drawn, root = REPLICAS[name], tmp_path / "set"
    masks = drawn.write(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuessWarning)  # KITTI's split
        flags = ["--epochs=1", "--architecture=mine", "--batch_size=2", "--resize_factor=1"]
        assert train.cli(command(root, tmp_path / "runs", *flags)[2:]) == 0
        folder, out = only(tmp_path / "runs"), tmp_path / "report"
        assert yaml.safe_load((folder / "taxonomy.yaml").read_text())["name"] == drawn.taxonomy
        assert "artifact" in "".join(path.name for path in (folder / "wandb").rglob("*")) or masks

        judge = [str(folder), f"--data={root}", "--split=val", f"--out={out}"]
        assert eval_main(judge) == 0
        first, again = (json.loads((place / "metrics.json").read_text()) for place in (folder, out))
        assert again["miou"] == pytest.approx(first["miou"], abs=1e-6, nan_ok=True)
        capsys.readouterr()
        assert eval_main([*judge, "--taxonomy=camvid11"]) == 0
    assert f"{drawn.taxonomy} is judged by camvid11" in capsys.readouterr().err
    assert {"pixels/Car/true", "pixels/Pedestrian/pred"} <= {*pd.read_csv(out / "per_image.csv").columns}
