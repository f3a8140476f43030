"""The commands with models that predict depth."""

import csv
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from camvid.layouts import open_dataset
from eval.__main__ import main
from tests.eval.ply import read_ply


def run(*words):
    return main([str(word) for word in words])


def test_evaluate(models, streets, tmp_path, capsys):
    assert run(models["joint"], "--data", streets, "--out", tmp_path, "--depth-threshold", "0.01") == 0
    printed = capsys.readouterr().out
    assert "δ < 1.25³" in printed and "priority_dice" in printed
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["depth/abs_rel"] > 0.1 and metrics["miou"] < 0.5
    assert pd.read_csv(tmp_path / "per_image.csv")["why"].str.contains("depth of Car wrong by").all()
    assert (tmp_path / "depth.png").is_file()


def test_a_model_of_depth_alone_is_evaluated(models, streets, tmp_path, capsys):
    assert run(models["depth"], "--data", streets, "--out", tmp_path) == 0
    assert "miou" not in capsys.readouterr().out
    assert "miou" not in json.loads((tmp_path / "metrics.json").read_text())


def test_a_threshold_of_depth_needs_a_model_of_depth(models, streets, tmp_path, capsys):
    words = (models["classes"], "--data", streets, "--out", tmp_path / "out", "--depth-threshold", "0.2")
    assert run(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: --depth-threshold: ") and str(models["classes"]) in line
    assert not (tmp_path / "out").exists()


def test_a_model_of_depth_needs_data_with_depth(models, data, tmp_path, capsys):
    assert run(models["depth"], "--data", data, "--out", tmp_path / "out") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "depth" in line and str(data) in line
    assert not (tmp_path / "out").exists()


def test_a_joint_model_is_judged_by_classes_where_there_is_no_depth(models, data, tmp_path, capsys):
    assert run(models["joint"], "--data", data, "--out", tmp_path) == 0
    assert json.loads((tmp_path / "metrics.json").read_text())["depth/abs_rel"] is None


@pytest.fixture
def pictures(streets, tmp_path):
    """Two frames and their cameras."""
    dataset = open_dataset(streets)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for frame in dataset.splits["train"][:2]:
        shutil.copy(frame.image, folder)
    shutil.copy(streets / "cameras.csv", folder)
    return folder


def depth_of(folder):
    (path, *_) = sorted((folder / "depth").iterdir())
    with Image.open(path) as picture:
        return np.asarray(picture) / 256


def test_predict_takes_the_cameras_of_the_table(models, pictures, tmp_path, capsys):
    assert run("predict", models["joint"], pictures, "--out", tmp_path / "a", "--points") == 0
    assert capsys.readouterr().out == f"10 files written to {tmp_path / 'a'}\n"
    assert len(read_ply(next((tmp_path / "a" / "points").iterdir()))) > 0
    with (pictures / "cameras.csv").open() as file:
        camera = next(csv.DictReader(file))
    words = ",".join(str(2 * float(camera[key])) for key in ("fx", "fy", "cx", "cy"))
    assert run("predict", models["joint"], pictures, "--out", tmp_path / "b", "--camera", words) == 0
    np.testing.assert_allclose(depth_of(tmp_path / "b"), 2 * depth_of(tmp_path / "a"), atol=0.01)


def test_predict_takes_the_cameras_of_the_folder_above(models, pictures, tmp_path, capsys):
    (pictures / "cameras.csv").rename(pictures.parent / "cameras.csv")
    for name, source in (("a", pictures), ("b", next(pictures.glob("*.png")))):
        assert run("predict", models["joint"], source, "--out", tmp_path / name) == 0
        assert "unknown cameras" not in capsys.readouterr().out


def test_predict_says_in_one_line_that_no_camera_is_known(models, pictures, tmp_path, capsys):
    (pictures / "cameras.csv").unlink()
    assert run("predict", models["depth"], pictures, "--out", tmp_path / "a") == 0
    note, written = capsys.readouterr().out.splitlines()
    assert note.startswith("unknown cameras: 2 of 2 pictures.") and "60 pixels" in note
    assert written.startswith("4 files")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--points"], "--points: {model} predicts no depth"),
        (["--camera", "60,60,32,24"], "--camera: {model} predicts no depth"),
    ],
)
def test_what_needs_depth_is_refused_before_anything_is_written(models, pictures, tmp_path, capsys, options, message):
    assert run("predict", models["classes"], pictures, "--out", tmp_path / "a", *options) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message.format(model=models["classes"]) in line
    assert not (tmp_path / "a").exists()


def test_a_faulty_table_of_cameras_is_named(models, pictures, tmp_path, capsys):
    table = (pictures / "cameras.csv").read_text().splitlines()
    cells = table[1].split(",")
    (pictures / "cameras.csv").write_text("\n".join([table[0], ",".join([cells[0], "0", *cells[2:]])]))
    assert run("predict", models["joint"], pictures, "--out", tmp_path / "a") == 2
    assert "cameras.csv" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["60,60,32", "0,60,32,24", "nan,60,32,24", "a,b,c,d"])
def test_a_camera_that_is_none_is_refused(words, capsys):
    with pytest.raises(SystemExit):
        run("predict", "model", "picture.png", "--camera", words)
    assert "--camera" in capsys.readouterr().err


@pytest.mark.soak
@pytest.mark.soak
def test_compare_joint_and_alone(models, streets, tmp_path, capsys):
    assert run("compare", *models.values(), "--data", streets, "--out", tmp_path) == 0
    rows = pd.read_csv(tmp_path / "comparison.csv", index_col="name")
    assert rows.loc["joint", ["miou", "abs_rel", "delta1", "pytorch_ms", "onnx_ms"]].notna().all()
    assert rows["miou"].isna()["depth"] and rows["abs_rel"].isna()["classes"]
    assert rows.loc["joint", "network"] == "hydra test_resnet (segmentation, depth)"
    table = (tmp_path / "comparison.md").read_text()
    assert "depth AbsRel" in table
    assert "joint takes " in table and " of the time, and 0." in table


def test_latency(models, capsys):
    assert run("latency", models["joint"], "--size", "32", "64") == 0
    assert "model/latency_ms" in capsys.readouterr().out
