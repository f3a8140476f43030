"""The recipe: what a run leaves, and what it says of its data."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image

import train
from camvid.layouts import open_dataset
from camvid.taxonomy import load_taxonomy
from eval.__main__ import main as eval_main
from models import ARCHITECTURES, load_model
from tests.train.started import ROOT, command, only, weights


def test_a_run_leaves_a_model_a_report_and_a_way_to_sync(data, tmp_path, here, capsys):
    flags = ["--epochs=3", "--ema=0.8", "--loss={focal: 1.0, dice: 1.0}"]
    assert train.cli(command(data, tmp_path / "runs", *flags)[2:]) == 0
    said = capsys.readouterr().out
    folder = only(tmp_path / "runs")
    lines = [line for line in said.splitlines() if line.startswith("epoch")]
    assert len(lines) == 3
    assert all("mIoU" in line and "priority Dice" in line for line in lines)
    pictures = ("report/index.html", "report/curves.png", "data/class_weights.png", "data/augmentation.png")
    for path in ("model.safetensors", "config.yaml", "taxonomy.yaml", "data.yaml", "metrics.json", *pictures):
        assert (folder / path).is_file(), path
    assert len(list((folder / "wandb").rglob("media/images/data/augmentation_*.png"))) == 1
    assert f"model:  {folder}/model.safetensors" in said
    assert "wandb sync" in said

    saved = load_model(folder)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["history.json"]
    assert train.cli(["--resume", str(folder)]) == 2
    assert f"error: {folder}: the training is complete and its optimiser state was deleted" in capsys.readouterr().err
    assert len(list((folder / "wandb").glob("offline-run-*"))) == 1  # nothing was tracked
    assert yaml.safe_load((folder / "config.yaml").read_text())["loss"] == {"focal": 1.0, "dice": 1.0}
    assert len(saved.data["digest"]) >= 32

    # the metrics are those of these weights: evaluating the saved model gives them again
    out = tmp_path / "again"
    assert eval_main([str(folder), f"--data={data}", "--split=val", f"--out={out}"]) == 0
    again, first = (json.loads(path.read_text()) for path in (out / "metrics.json", folder / "metrics.json"))
    for key in ("miou", "priority_dice", "pixel_acc", "foreground_acc"):
        assert again[key] == pytest.approx(first[key], abs=1e-6)


@pytest.mark.soak
def test_a_cache_that_is_too_small_changes_no_weight_and_is_said_in_one_line(data, tmp_path, here, capsys):
    trained = []
    for limit in ("8", "1e-6"):
        flags = ["--epochs=2", f"--cache_gb={limit}", "--class_weights=inverse"]
        assert train.cli(command(data, tmp_path / limit, *flags)[2:]) == 0
        said = [line for line in capsys.readouterr().err.splitlines() if "has no room for 12 frames at 96x128" in line]
        assert len(said) == (limit != "8")
        trained.append(weights(only(tmp_path / limit)))
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


def unlike(data, tmp_path):
    """The data with two frames of other shapes in each split, and its taxonomy without priority classes."""
    copy = tmp_path / "unlike"
    shutil.copytree(data, copy)
    for split in ("train", "val"):
        frames = open_dataset(copy).splits[split]
        for frame, size in ((frames[0], (64, 160)), (frames[-1], (300, 200))):  # the first is not as most are
            for path in (frame.image, frame.label):
                with Image.open(path) as picture:
                    resized = picture.resize(size, Image.Resampling.NEAREST)
                resized.save(path)
    taxonomy = load_taxonomy("camvid11").to_dict()
    taxonomy["classes"] = [{k: v for k, v in spec.items() if k != "priority"} for spec in taxonomy["classes"]]
    (copy / "taxonomy.yaml").write_text(yaml.safe_dump(taxonomy))
    return copy


@pytest.mark.soak
def test_data_unlike_most_is_said_at_the_start_and_each_frame_evaluated_at_its_size(
    data, tmp_path, here, capsys, monkeypatch
):
    """Frames of several shapes, no priority classes, and a model without a backbone that may be trained plainly."""
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: torch.nn.Conv2d(3, num_classes, 1))
    root = unlike(data, tmp_path)
    flags = ["--epochs=1", "--architecture=mine", "--taxonomy=own", "--class_weights=inverse"]
    assert train.cli(command(root, tmp_path / "runs", *flags)[2:]) == 0
    said = capsys.readouterr().err.splitlines()
    assert sum("has no priority class: priority Dice is undefined" in line for line in said) == 1
    (sizes,) = [line for line in said if "the train frames have 3 sizes" in line]
    assert "each is fitted into 128x96, its aspect is kept, and the rest is void" in sizes

    folder, out = only(tmp_path / "runs"), tmp_path / "report"
    assert eval_main([str(folder), f"--data={root}", "--split=val", f"--out={out}"]) == 0
    done = capsys.readouterr()
    assert done.err.count("has no priority class") == 1
    assert "predicted at 64x96 and 1 other size, " in done.out  # 300x200 is fitted into 128x96
    again, first = (json.loads(path.read_text()) for path in (out / "metrics.json", folder / "metrics.json"))
    for key in ("miou", "pixel_acc", "foreground_acc"):
        assert again[key] == pytest.approx(first[key], abs=1e-6)
    assert again["priority_dice"] is None
    val = open_dataset(root, "own").splits["val"]
    masks = [np.asarray(Image.open(frame.label)) for frame in val]
    table = pd.read_csv(out / "per_image.csv").set_index("name")
    for frame, mask in zip(val, masks, strict=True):
        assert table.loc[frame.name, "pixels/Road/true"] == (mask == 3).sum()  # at the mask's own size


def test_importing_the_recipe_does_nothing(tmp_path):
    code = "import sys; sys.path.insert(0, sys.argv[1]); import train; print(sorted(vars(train)) and 'quiet')"
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "quiet"
    assert not done.stderr
    assert not list(tmp_path.iterdir())


def test_the_recipe_stays_short():
    assert len((ROOT / "train.py").read_text().splitlines()) <= 150
