import csv
import json
import shutil

import pytest
import torch
import yaml
from PIL import Image

from camvid.layouts import content_digest, open_dataset
from commands.compare import _open as open_named
from commands.evaluation_options import parse
from eval.__main__ import main
from eval.evaluate import FrameSamples, evaluate
from models import load_model
from tests.commands.conftest import saved


@pytest.fixture(scope="module")
def models(run_folder, tmp_path_factory):
    """A run, another with a larger backbone, an exported file and a preset."""
    root = tmp_path_factory.mktemp("models")
    larger = saved(root / "larger", backbone="resnet18")
    assert main(["export", str(run_folder), "--out", str(root / "files" / "small.onnx")]) == 0
    preset = root / "sketch.yaml"
    preset.write_text(yaml.safe_dump({"architecture": "unet", "backbone": "test_resnet", "resize_factor": 0.25}))
    return [run_folder, larger, root / "files" / "small.onnx", preset]


@pytest.mark.soak
def test_models_are_evaluated_measured_sorted_and_logged(models, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    out = tmp_path / "out"
    words = ["compare", *models, "--data", data, "--out", out, "--wandb", "--embedded-mb", "30", "--embedded-ms", "1e6"]
    assert main([str(word) for word in words]) == 0
    printed = capsys.readouterr().out
    table = (out / "comparison.md").read_text()
    assert table in printed
    with (out / "comparison.csv").open() as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"tiny", "larger", "files/small.onnx", "sketch"}

    dataset = open_dataset(data)
    model = load_model(models[0]).model
    samples = FrameSamples(dataset.splits["test"], dataset.read)
    expected = evaluate(model, samples, size_for=lambda _: (96, 128), **dataset.taxonomy.scoring).metrics
    for name in ("tiny", "files/small.onnx"):
        for key in ("miou", "mean_acc", "priority_dice"):
            assert float(rows[name][key]) == pytest.approx(expected[key], abs=2e-3)
        assert int(rows[name]["parameters"]) == sum(parameter.numel() for parameter in model.parameters())
    assert float(rows["tiny"]["mb"]) == (models[0] / "model.safetensors").stat().st_size / 1e6
    assert float(rows["files/small.onnx"]["mb"]) == models[2].stat().st_size / 1e6
    assert float(rows["tiny"]["onnx_ms"]) > 0 < float(rows["tiny"]["pytorch_ms"])
    assert rows["files/small.onnx"]["pytorch_ms"] == ""
    assert (rows["sketch"]["miou"], rows["sketch"]["scores"], rows["sketch"]["size"]) == ("", "", "32x32")
    assert {name: row["embedded"] for name, row in rows.items()} == {
        "tiny": "True",
        "larger": "False",  # 45 MB
        "files/small.onnx": "True",
        "sketch": "True",
    }
    order = [float(row["miou"] or -1) for row in rows.values()]
    assert order == sorted(order, reverse=True)
    with Image.open(out / "comparison.png") as picture:
        assert picture.width > 1000
    (logged,) = (out / "wandb").rglob("media/table/compare/models_*.json")
    content = json.loads(logged.read_text())
    assert [row[content["columns"].index("name")] for row in content["data"]] == list(rows)
    assert list((out / "wandb").rglob("media/images/compare/quality_against_size_*.png"))


@pytest.mark.soak
def test_a_model_that_was_trained_on_val_is_named_and_not_judged_on_it(data, tmp_path, capsys):
    folder = saved(tmp_path / "both", train_on="train+val", digest=content_digest(open_dataset(data)))
    words = ["compare", folder, "--no-onnx", "--out", tmp_path / "out", "--size", "64", "96"]
    assert main([str(word) for word in words]) == 0
    assert "| both (train+val) " in (tmp_path / "out" / "comparison.md").read_text()
    assert "as saved" not in (tmp_path / "out" / "comparison.md").read_text()
    assert main([str(word) for word in [*words, "--data", data, "--split", "val"]]) == 2
    assert f"{folder} was trained on train+val, so it cannot be judged on val" in capsys.readouterr().err
    assert main([str(word) for word in [*words, "--data", data, "--split", "test"]]) == 0
    file, out = str(tmp_path / "both.onnx"), f"--out={tmp_path / 'val'}"
    assert main(["export", str(folder), "--out", file, "--size", "64", "96"]) == 0
    assert main([file, f"--data={data}", "--split=val", out]) == 2
    assert f"{file} was trained on train+val, so it cannot" in capsys.readouterr().err


def test_without_data_the_saved_scores_are_shown(models, tmp_path, capsys):
    assert main(["compare", str(models[0]), "--no-onnx", "--out", str(tmp_path), "--size", "64", "96"]) == 0
    line = capsys.readouterr().out.splitlines()[2]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:6] == ["tiny", "segformer test_resnet", "64x96", "val, as saved", "0.500", "0.250"]
    assert cells[6] == "–"  # undefined
    assert cells[10] == "–"  # not timed with ONNX Runtime


def test_models_that_were_judged_by_different_frames_stand_in_no_table(run_folder, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(run_folder, other)
    config = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(config + "split: drives\n")
    assert main(["compare", str(run_folder), str(other), "--no-onnx", "--out", str(tmp_path / "out")]) == 2
    message = (
        "models with different splits were evaluated on different frames (tiny official, other drives); "
        "compare them separately"
    )
    assert message in capsys.readouterr().err


def test_a_plain_unet_has_no_backbone_to_name(tmp_path, capsys):
    (tmp_path / "plain.yaml").write_text("architecture: plain_unet\nresize_factor: 0.1\n")
    words = ["compare", tmp_path / "plain.yaml", "--no-onnx", "--out", tmp_path / "out"]
    assert main([str(word) for word in words]) == 0, capsys.readouterr().err
    with (tmp_path / "out" / "comparison.csv").open() as file:
        assert [row["network"] for row in csv.DictReader(file)] == ["plain_unet"]


def test_a_preset_goes_by_its_name_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved, _, name = open_named("demo", parse(["compare", "demo"], None))
    assert (name, saved.config["backbone"], saved.metrics) == ("demo", "efficientnet_lite0", {})


def test_presets_alone_need_no_plot(models, tmp_path, capsys):
    assert main(["compare", str(models[3]), "--no-onnx", "--out", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["comparison.csv", "comparison.md"]
    assert "sketch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["tiny", "tiny"], "tiny: the model is named twice"),
        (
            ["tiny", "twelve"],
            "over different classes cannot be in one table (tiny camvid11, twelve camvid12)",
        ),
        (["tiny", "gone.yaml"], "gone.yaml: no such file"),
        (["tiny", "gone"], "gone: not found; give a run folder"),
        (["tiny", "wrong.yaml"], "unknown key 'architektur'"),
    ],
)
def test_mistakes_are_named(names, message, run_folder, tmp_path, capsys):
    shutil.copytree(run_folder, tmp_path / "tiny")
    if "twelve" in names:
        saved(tmp_path / "twelve", taxonomy="camvid12")
    (tmp_path / "wrong.yaml").write_text("architektur: unet\n")
    assert main(["compare", *(str(tmp_path / name) for name in names), "--out", str(tmp_path / "out")]) == 2
    err = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(err) == 1
    assert message in err[0]
    assert not (tmp_path / "out").exists()


def test_threads_are_told(models, tmp_path, capsys):
    main(["compare", str(models[3]), "--no-onnx", "--out", str(tmp_path)])
    assert f"{torch.get_num_threads()} threads; one image, warm median" in capsys.readouterr().out
