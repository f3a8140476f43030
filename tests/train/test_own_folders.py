"""The whole way of a pair of folders: a step of training, an evaluation, the data set's artifact, offline."""

import json
import warnings

import numpy as np
import pytest
import torch
import yaml

import train
from camvid.layouts import open_dataset
from camvid.layouts.notices import GuessWarning
from eval.__main__ import main as eval_main
from models import ARCHITECTURES
from tests.camvid.replicas.drawing import grey, photo
from tests.camvid.replicas.folders import NAMES, VARIANTS, codes
from tests.train.started import command, only


def of_several_sizes(root):
    """Landscape and portrait in one set, and no label of the third class in train."""
    for number, stem in enumerate(("cam1_1", "cam1_2", "cam2_1", "cam3_1", "cam3_2")):
        split, size = "val" if stem.startswith("cam3") else "train", ((32, 64), (64, 48), (40, 40))[number % 3]
        photo(root / "images" / split / f"{stem}.jpg", size)
        mask = np.resize(codes(stem) % 3, size)
        grey(root / "masks" / split / f"{stem}.png", np.minimum(mask, 1) if split == "train" else mask)
    (root / "classes.txt").write_text("\n".join(NAMES))


WAYS = {name: VARIANTS[name] for name in ("roboflow", "strange names")}
WAYS["several sizes"] = of_several_sizes


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.soak
def test_a_pair_of_folders_is_trained_on_evaluated_and_tracked(name, tmp_path, here, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: torch.nn.Conv2d(3, num_classes, 1))
    root = tmp_path / "set"
    WAYS[name](root)
    flags = ["--epochs=1", "--architecture=mine", "--batch_size=2", "--resize_factor=1", "--log_data=files"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuessWarning)  # of those without a split
        assert train.cli(command(root, tmp_path / "runs", *flags)[2:]) == 0
        folder, out = only(tmp_path / "runs"), tmp_path / "report"
        assert eval_main([str(folder), f"--data={root}", "--split=val", f"--out={out}"]) == 0
        frames = len(open_dataset(root).splits["val"])
    taxonomy = yaml.safe_load((folder / "taxonomy.yaml").read_text())
    assert tuple(entry["name"] for entry in taxonomy["classes"]) == NAMES
    first, again = (json.loads((place / "metrics.json").read_text()) for place in (folder, out))
    for key in ("miou", "priority_dice", "pixel_acc"):
        assert again[key] == pytest.approx(first[key], abs=1e-6, nan_ok=True)
    assert len((out / "per_image.csv").read_text().splitlines()) == frames + 1
    (run,) = (folder / "wandb").glob("offline-run-*/*.wandb")
    assert b"class_frequency.table.json" in run.read_bytes()  # of the data set's artifact
