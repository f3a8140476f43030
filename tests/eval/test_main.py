import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image

from camvid.layouts import open_dataset
from camvid.taxonomy import load_taxonomy
from eval.__main__ import main
from eval.evaluate import FrameSamples, evaluate
from eval.metrics import confusion_matrix, summarize
from models import ARCHITECTURES, build_model, load_model, save_model
from tests.eval.drawn import SPLIT, paint, street

ROOT = Path(__file__).parents[2]
SIZE = (64, 96)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """A saved, untrained model: its answers are poor and the same every time."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    config = {"architecture": "plain_unet", "backbone": "resnet18", "crp": False, "resize_factor": 0.5}
    config |= {"eval_factor": 1.0, "precision": "fp32", "threshold": 0.25, "split": "official", "project": "drawn"}
    config |= {"object_area": 0.01}  # a car is larger, a pedestrian smaller
    taxonomy = load_taxonomy("camvid11").to_dict()
    save_model(folder, build_model("plain_unet", 11), config=config, taxonomy=taxonomy, data={}, metrics={})
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Drawn streets in SegNet's layout: 3 frames for each split."""
    root = tmp_path_factory.mktemp("camvid")
    for number, split in enumerate(("train", "val", "test")):
        for seed in range(3):
            labels = street(*SIZE, seed=10 * number + seed)
            name = f"0001TP_{10 * number + seed:06d}.png"
            for folder, picture in (
                (split, paint(labels % 255)),
                (f"{split}annot", np.where(labels == 255, 11, labels)),
            ):
                (root / folder).mkdir(exist_ok=True)
                Image.fromarray(picture.astype(np.uint8)).save(root / folder / name)
    return root


def command(*words, folder, **variables):
    """Run ``python -m eval`` as a process of its own, at ``folder``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}  # of tests before it
    environment = kept | {"PYTHONPATH": str(ROOT), "WANDB_MODE": "offline", "WANDB_SILENT": "true"} | variables
    line = [sys.executable, "-m", "eval", *map(str, words)]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False)


@pytest.mark.soak
def test_evaluate_as_a_process(run_folder, data, tmp_path):
    """Numbers, table and W&B tables of one run; with W&B since a process takes seconds to start."""
    words = (run_folder, "--data", data, "--split", "val", "--out", tmp_path / "report", "--wandb")
    done = command(*words, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    tables = {path.name.rsplit("_", 2)[0] for path in (tmp_path / "report" / "wandb").rglob("media/table/val/*.json")}
    assert {"edge_cases", "missed", "missed_objects", "false_objects"} <= tables
    assert "wandb sync" in done.stdout
    assert f"report: {tmp_path / 'report' / 'index.html'}" in done.stdout
    assert "3 frames, predicted at 64x96, fp32 on cpu" in done.stdout
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text())
    dataset = open_dataset(data)
    model = load_model(run_folder).model
    rule = {"threshold": 0.25, "object_area": 0.01}
    expected = evaluate(model, FrameSamples(dataset.splits["val"], dataset.read), **SPLIT | rule)
    assert metrics["miou"] == pytest.approx(expected.metrics["miou"])
    assert metrics["edge_case_rate"] == expected.metrics["edge_case_rate"]
    assert metrics["object_recall/Car"] == expected.metrics["object_recall/Car"]
    assert metrics["object_recall/Pedestrian"] is None
    assert metrics["model/parameters"] == sum(parameter.numel() for parameter in model.parameters())
    assert metrics["model/latency_ms"] > 0
    line = next(line for line in done.stdout.splitlines() if "Car" in line)
    assert line.split() == ["★", "Car", *(f"{metrics[f'{key}/Car']:.3f}" for key in ("iou", "dice", "acc"))]
    assert list(tmp_path.iterdir()) == [tmp_path / "report"]  # nothing beside what was asked for


@pytest.fixture(scope="session")
def mixed(data, tmp_path_factory):
    """The drawn streets with a test split of three shapes, the first of which is not that of most."""
    root = tmp_path_factory.mktemp("shapes") / "camvid"
    shutil.copytree(data, root)
    for seed, size in enumerate([(128, 64), (64, 96), (64, 96), (90, 200)]):
        labels = street(*size, seed=seed)
        for folder, picture in (("test", paint(labels % 255)), ("testannot", np.where(labels == 255, 11, labels))):
            Image.fromarray(picture.astype(np.uint8)).save(root / folder / f"0001TP_{20 + seed:06d}.png")
    return root


def test_frames_of_several_shapes_are_scored_as_predict_predicts_them(run_folder, mixed, tmp_path, capsys):
    options = ["--eval-factor", "0.5"]
    assert main(["predict", str(run_folder), str(mixed / "test"), "--out", str(tmp_path / "predicted"), *options]) == 0
    assert main([str(run_folder), "--data", str(mixed), "--out", str(tmp_path / "report"), *options]) == 0
    assert "4 frames, predicted at 32x64 and 2 other sizes, fp32 on cpu" in capsys.readouterr().out
    counts = torch.zeros(11, 11, dtype=torch.int64)
    for frame in open_dataset(mixed).splits["test"]:
        pred = torch.from_numpy(np.array(Image.open(tmp_path / "predicted" / "masks" / frame.image.name)))
        counts += confusion_matrix(pred, torch.from_numpy(open_dataset(mixed).read_mask(frame)), 11)
    names, priority, background = (SPLIT[key] for key in ("class_names", "priority", "background"))
    expected = summarize(counts, names, priority, background)
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert {key: metrics[key] for key in expected if metrics[key] is not None} == pytest.approx(
        {key: value for key, value in expected.items() if not np.isnan(value)}
    )
    assert metrics["model/size"] == "32x64"


@pytest.mark.soak
def test_an_error_as_a_process(run_folder, data, tmp_path):
    done = command(run_folder, "--data", data / "nowhere", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {data / 'nowhere'}: ")
    assert done.stderr.count("\n") == 1


def test_debug_shows_the_traceback(capsys):
    assert main(["nowhere", "--data", "nowhere", "--debug"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert "\nerror: nowhere: not found" in err


@pytest.fixture
def fails(capsys):
    """Run a command that must fail; its one line on stderr."""

    def run(*words):
        assert main([str(word) for word in words]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: ")
        assert err.count("\n") == 1
        return err

    return run


def test_model_that_is_not_there(fails, data, tmp_path):
    assert "nowhere: not found; give a run folder" in fails("nowhere", "--data", data)
    assert f"{tmp_path}: there is no model here" in fails(tmp_path, "--data", data)


def test_artifact_needs_a_server(fails, data, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert "artifact 'camvid-unet:latest' cannot be fetched offline" in fails("camvid-unet:latest", "--data", data)


def test_truncated_model(fails, run_folder, data, tmp_path):
    shutil.copytree(run_folder, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    assert f"{weights}: the file is truncated" in fails(tmp_path / "cut", "--data", data)


def test_other_taxonomy_is_named(fails, run_folder, data, tmp_path):
    told = fails(run_folder, "--data", data, "--taxonomy", "camvid32")
    assert "taxonomy 'camvid32' over the SegNet masks" in told  # that data has no such classes
    mine = {"name": "mine", "classes": [{"name": "Tulip", "color": [1, 2, 3]}]}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(mine))
    told = fails(run_folder, "--data", data, "--taxonomy", tmp_path / "mine.yaml")
    assert "mine.yaml: none of its classes is one of" in told
    shutil.copytree(run_folder, tmp_path / "other")
    taxonomy = {"name": "mine", "classes": [{"name": "A", "color": [1, 2, 3]}, {"name": "B", "color": [4, 5, 6]}]}
    (tmp_path / "other" / "taxonomy.yaml").write_text(yaml.safe_dump(taxonomy))
    assert "it has 11 classes, and its taxonomy.yaml has 2" in fails(tmp_path / "other", "--data", data)
    wide = tmp_path / "wide"
    camvid32 = load_taxonomy("camvid32")
    config = yaml.safe_load((run_folder / "config.yaml").read_text())
    model = build_model("plain_unet", camvid32.num_classes)
    save_model(wide, model, config=config, taxonomy=camvid32.to_dict(), data={}, metrics={})
    told = fails(wide, "--data", data)  # SegNet's masks hold camvid11's classes
    assert "camvid32" in told
    assert "--taxonomy judges the model by other classes" in told


def test_a_model_is_judged_by_the_classes_of_other_data(data, tmp_path, capsys, monkeypatch):
    """One of Cityscapes' classes that always answers car, on CamVid's frames: every car is found, and nothing else."""
    classes = load_taxonomy("cityscapes19")
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: torch.nn.Conv2d(3, num_classes, 1))
    model = torch.nn.Conv2d(3, classes.num_classes, 1)
    always = torch.eye(classes.num_classes)[classes.names.index("car")]
    model.load_state_dict({"weight": torch.zeros_like(model.weight), "bias": always})
    config = {"architecture": "mine", "backbone": "", "crp": False, "precision": "fp32"}
    save_model(tmp_path / "run", model, config=config, taxonomy=classes.to_dict(), data={}, metrics={})
    words = [tmp_path / "run", "--data", data, "--split", "val", "--taxonomy", "auto", "--out", tmp_path / "out"]
    assert main([str(word) for word in words]) == 0
    assert capsys.readouterr().err.startswith("cityscapes19 is judged by camvid11\n")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    masks = [np.asarray(Image.open(frame.label)) for frame in open_dataset(data).splits["val"]]
    cars, scored = (
        sum(int(found.sum()) for found in each) for each in ([m == 8 for m in masks], [m < 11 for m in masks])
    )
    assert metrics["iou/Car"] == pytest.approx(cars / scored)
    assert metrics["iou/Road"] == 0


def test_the_same_taxonomy_may_be_said(run_folder, data, tmp_path, capsys):
    words = ["--data", data, "--taxonomy", "camvid11", "--out", tmp_path, "--batch-size", 2, "--threshold", 0]
    assert main([str(word) for word in (run_folder, *words)]) == 0
    assert "camvid" in (tmp_path / "index.html").read_text()
    assert not pd.read_csv(tmp_path / "per_image.csv")["flagged"].any()  # no Dice lies below 0
    assert "miou" in capsys.readouterr().out


def test_labels_that_a_benchmark_keeps_are_said(fails, run_folder, data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    for path in (tmp_path / "data" / "testannot").iterdir():
        Image.new("L", (SIZE[1], SIZE[0]), 11).save(path)
    told = fails(run_folder, "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert "the first 3 labels of the test split show no class of camvid11" in told
    assert not (tmp_path / "out").exists()


def test_damaged_data_is_named(fails, run_folder, data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    image = tmp_path / "data" / "test" / "0001TP_000021.png"
    image.write_bytes(image.read_bytes()[:200])
    assert str(image) in fails(run_folder, "--data", tmp_path / "data", "--out", tmp_path / "out")
    for folder in ("test", "testannot"):
        shutil.rmtree(tmp_path / "data" / folder)
    told = fails(run_folder, "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert str(tmp_path / "data") in told
    assert "test" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "option",
    [
        ("--threshold", "2"),
        ("--eval-factor", "0"),
        ("--batch-size", "0"),
        ("--object-area", "2"),
        ("--object-area", "1"),
        ("--precision", "fp16"),
    ],
)
def test_impossible_values(option, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["model", "--data", "root", *option])
    assert f"argument {option[0]}: " in capsys.readouterr().err


def test_predict_a_folder_with_a_damaged_image(run_folder, data, tmp_path, capsys):
    shutil.copytree(data / "test", tmp_path / "in")
    (tmp_path / "in" / "0001TP_000020.png").write_bytes(b"\x89PNG")
    assert main(["predict", str(run_folder), str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 2
    out, err = capsys.readouterr()
    assert out == f"4 files written to {tmp_path / 'out'}\n"
    assert err.startswith(f"error: {tmp_path / 'in' / '0001TP_000020.png'}: unreadable")
    with Image.open(tmp_path / "out" / "masks" / "0001TP_000021.png") as mask:
        assert mask.size == SIZE[::-1]
        assert np.asarray(mask).max() < 11


def test_latency(run_folder, capsys):
    assert main(["latency", str(run_folder / "model.safetensors"), "--size", "60", "90"]) == 0
    figures = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert figures["model/size"] == "64x96"
    assert float(figures["model/latency_ms"]) > 0


def test_real_camvid(run_folder, camvid_root, tmp_path, capsys):
    """A few frames of the real data, end to end."""
    data = tmp_path / "camvid"
    for folder in ("train", "trainannot", "test", "testannot"):
        (data / folder).mkdir(parents=True)
        for path in sorted((camvid_root / folder).iterdir())[:2]:
            shutil.copy(path, data / folder)
    words = (run_folder, "--data", data, "--out", tmp_path / "report", "--eval-factor", "0.25")
    assert main([str(word) for word in words]) == 0
    assert "2 frames, predicted at 96x128" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "report" / "per_image.csv")) == 2
