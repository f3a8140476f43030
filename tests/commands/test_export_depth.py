"""Exported networks of depth, alone or beside classes, in the commands."""

import json
import math
import re
import shutil

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from PIL import Image

from eval.__main__ import main
from eval.export import FORMATS, load_exported
from eval.inference import resize_image
from eval.predict import Predictor
from files.camera import Camera
from files.pictures import read_image
from models import load_model
from tests.commands.conftest import FOCAL, RANGE, saved_hydra


def run(capsys, *words):
    assert main([str(word) for word in words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def exported(capsys, folder, path, *words):
    """What `export` prints, line by line."""
    form = next(name for name, form in FORMATS.items() if form.suffix == path.suffix)
    words = ("export", folder, "--out", path, "--format", form, "--size", 96, 128, *words)
    return run(capsys, *words).splitlines()


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("form", "name", "keys"),
    [
        ("onnx", "joint", ["miou", "depth/abs_rel"]),
        pytest.param("torchscript", "depth", ["depth/abs_rel"], marks=pytest.mark.soak),
    ],
)
def test_an_exported_file_is_evaluated_as_the_run_is(form, name, keys, models, streets, tmp_path, capsys):
    path = tmp_path / f"model{FORMATS[form].suffix}"
    head, *lines = exported(capsys, models[name], path)
    assert ("same class" in head) is (name == "joint") and head.endswith("depth, relative")
    assert all(float(line.split()[-1]) < 1e-3 for line in lines[:4])
    for model, folder in ((models[name], "run"), (path, "file")):
        run(capsys, model, "--data", streets, "--out", tmp_path / folder, "--depth-threshold", "0.01")
    one, other = (metrics_of(tmp_path / folder) for folder in ("run", "file"))
    assert {key: one[key] for key in keys} == pytest.approx({key: other[key] for key in keys}, abs=1e-3)
    assert pd.read_csv(tmp_path / "file" / "per_image.csv")["why"].str.contains("depth of Car wrong by").all()


@pytest.mark.parametrize("name", ["joint", "depth"])
def test_the_metadata_have_what_makes_metres(name, models, tmp_path, capsys):
    exported(capsys, models[name], tmp_path / "model.onnx")
    file = load_exported(tmp_path / "model.onnx")
    tasks = {"joint": ["segmentation", "depth"], "depth": ["depth"]}[name]
    assert file.config.items() >= {"tasks": tasks, "focal": FOCAL, **RANGE}.items()
    assert file.metrics["depth/abs_rel"] == 0.5
    assert "depth/abs_rel/Car" not in file.metrics


def test_a_program_of_its_own_finds_the_metres_of_the_run(streets, tmp_path, capsys):
    """As docs/training.md says; the sides of 96x128 frames are resized by different shares."""
    folder = saved_hydra(tmp_path / "run", ("segmentation", "depth"), factor=0.75, frame_size=[96, 128])
    exported(capsys, folder, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    config = json.loads(session.get_modelmeta().custom_metadata_map["camvid.json"])["config"]
    height, width = config["input_size"]
    assert height / 96 != width / 128
    frame = read_image(next((streets / "val").glob("*.png")))
    small = resize_image(frame, (height, width)).transpose(2, 0, 1)[None].astype(np.float32) / 255
    _, depth = session.run(["logits", "depth"], {"images": small})
    metres = depth[0] * 200 * math.sqrt(height / 96 * width / 128) / config["focal"]
    expected = Predictor(**load_model(folder).prediction).predict(frame, Camera(200, 200, 64, 48)).depth
    assert expected is not None
    assert np.median(expected) == pytest.approx(np.median(metres), rel=1e-3)


def test_an_unknown_focal_length_is_null(tmp_path, capsys):
    folder = saved_hydra(tmp_path / "run", ("depth",), focal=float("nan"))
    exported(capsys, folder, tmp_path / "model.onnx")
    assert load_exported(tmp_path / "model.onnx").config["focal"] is None


def test_a_file_of_classes_alone_is_as_before(models, tmp_path, capsys):
    head, *_ = exported(capsys, models["classes"], tmp_path / "model.onnx")
    assert "depth" not in head
    assert not load_exported(tmp_path / "model.onnx").config.keys() & {"focal", *RANGE}
    words = ["predict", str(tmp_path / "model.onnx"), str(tmp_path), "--points"]
    assert main(words) == 2
    assert "model.onnx predicts no depth" in capsys.readouterr().err


@pytest.mark.parametrize("form", FORMATS)
def test_an_exported_file_predicts_depth_and_points_as_the_run_does(form, models, streets, tmp_path, capsys):
    path = tmp_path / f"model{FORMATS[form].suffix}"
    exported(capsys, models["joint"], path)
    shutil.copytree(streets / "test", tmp_path / "pictures")
    shutil.copy(streets / "cameras.csv", tmp_path / "pictures")
    for model, folder in ((models["joint"], "run"), (path, "file")):
        run(capsys, "predict", model, tmp_path / "pictures", "--out", tmp_path / folder, "--points")
    names = {
        side: sorted(p.relative_to(tmp_path / side) for p in (tmp_path / side).rglob("*.*")) for side in ("run", "file")
    }
    assert names["run"] == names["file"]
    assert {name.parts[0] for name in names["file"]} == {"masks", "overlays", "depth", "depth_colors", "points"}
    for name in (name for name in names["file"] if name.parts[0] == "depth"):
        one, other = (np.asarray(Image.open(tmp_path / side / name), dtype=np.int64) for side in ("run", "file"))
        assert abs(one - other).max() <= 3  # 256 to a metre


@pytest.mark.soak
def test_compare_has_the_file_beside_the_run(models, streets, tmp_path, capsys):
    exported(capsys, models["joint"], tmp_path / "files" / "joint.onnx")
    words = (models["joint"], tmp_path / "files" / "joint.onnx", "--data", streets, "--out", tmp_path / "out")
    run(capsys, "compare", *words)
    rows = pd.read_csv(tmp_path / "out" / "comparison.csv", index_col="name")
    run_row, file_row = rows.loc["joint"], rows.loc["files/joint.onnx"]
    for key in ("miou", "abs_rel", "delta1"):
        assert run_row[key] == pytest.approx(file_row[key], abs=1e-3)
    assert (file_row["network"], file_row["tasks"]) == (run_row["network"], run_row["tasks"])
    assert np.isnan(file_row["pytorch_ms"]) and run_row["onnx_ms"] > 0 < file_row["onnx_ms"]


@pytest.mark.parametrize(
    ("name", "method", "labels"),
    [("joint", "static", ["mIoU", "depth AbsRel"]), ("depth", "dynamic", ["depth AbsRel"])],
)
def test_int8_tells_what_it_costs(name, method, labels, models, streets, tmp_path, capsys):
    path = tmp_path / "model.onnx"
    lines = exported(capsys, models[name], path, "--int8", method, "--data", streets)
    form = r"(.*) on val: (\S+) as floats, (\S+) with 8 bits: (\S+)"
    told = [found for line in lines[5:-1] if (found := re.fullmatch(form, line))]
    assert [one[1] for one in told] == labels
    assert all(float(one[3]) - float(one[2]) == pytest.approx(float(one[4]), abs=2e-4) for one in told)
    assert load_exported(path).config["focal"] == FOCAL


def test_int8_says_that_the_data_have_no_depth(models, data, tmp_path, capsys):
    lines = exported(capsys, models["joint"], tmp_path / "model.onnx", "--int8", "dynamic", "--data", data)
    assert lines[-3].startswith("mIoU on val: ")
    assert lines[-2] == f"{data}: the val split has no depth, so the change of depth AbsRel is unknown."
