import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from eval.__main__ import main
from eval.export import ExportError, load_exported
from models import load_model


def run(capsys, *words):
    assert main([str(word) for word in words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.mark.parametrize("flag", ["--device=cuda", "--precision=bf16"])
def test_a_flag_without_effect_is_refused(flag, run_folder, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run_folder), flag])
    assert ended.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize(("form", "suffix"), [("onnx", ".onnx"), ("torchscript", ".torchscript")])
def test_an_exported_model_predicts_and_is_timed_like_the_run(form, suffix, run_folder, data, tmp_path, capsys):
    path = tmp_path / f"small{suffix}"
    out = run(capsys, "export", run_folder, "--format", form, "--out", path, "--size", 90, 120)
    assert [line.split()[:3] for line in out.splitlines()[1:5]] == [
        ["1", "x", "96x128"],  # where it predicts
        ["2", "x", "64x96"],
        ["1", "x", "97x131"],
        ["2", "x", "33x50"],
    ]
    assert all(line.endswith("100.000%") for line in out.splitlines()[1:5])
    assert f"{path}: {path.stat().st_size / 1e6:.2f} MB" in out

    exported, saved = load_exported(path), load_model(run_folder)
    assert exported.taxonomy == saved.taxonomy
    assert exported.config == {key: value for key, value in saved.config.items() if key not in ("data", "precision")}
    assert exported.metrics["miou"] == 0.25

    for model, folder in ((run_folder, "one"), (path, "other")):
        run(capsys, "predict", model, data / "test", "--out", tmp_path / folder, "--precision", "fp32")
    names = sorted(file.name for file in (tmp_path / "one" / "masks").iterdir())
    assert names
    for name in names:
        first, second = (np.asarray(Image.open(tmp_path / side / "masks" / name)) for side in ("one", "other"))
        assert (first == second).mean() > 0.999

    figures = dict(line.split(maxsplit=1) for line in run(capsys, "latency", path, "--size", 90, 120).splitlines())
    assert int(figures["model/parameters"]) == sum(parameter.numel() for parameter in saved.model.parameters())
    assert float(figures["model/mb"]) == pytest.approx(path.stat().st_size / 1e6, rel=1e-3)
    assert figures["model/size"] == "96x128"


def test_by_default_the_file_lies_in_the_run_folder(run_folder, tmp_path, capsys):
    folder = shutil.copytree(run_folder, tmp_path / "copy")
    run(capsys, "export", folder)
    assert load_exported(folder / "model.onnx").path == folder / "model.onnx"


@pytest.mark.parametrize("method", ["dynamic", "static"])
def test_int8_tells_what_it_costs(method, run_folder, data, tmp_path, capsys):
    path = tmp_path / "small.onnx"
    words = ("export", run_folder, "--int8", method, "--data", data, "--out", path, "--split", "test")
    out = run(capsys, *words)
    told = re.search(r"mIoU on test: (0\.\d{4}) as floats, (0\.\d{4}) with 8 bits: ([+-]0\.\d{4})", out)
    assert told
    before, after, change = (float(number) for number in told.groups())
    assert after - before == pytest.approx(change, abs=2e-4)
    assert abs(change) < 0.1
    assert [file.name for file in tmp_path.iterdir()] == ["small.onnx"]
    weights = run_folder / "model.safetensors"
    assert path.stat().st_size < 0.6 * weights.stat().st_size
    exported = load_exported(path)
    assert exported.config["architecture"] == "segformer"
    images = torch.rand(2, 3, 45, 70)
    with torch.no_grad():
        expected = load_model(run_folder).model(images)
    assert exported.model(images).shape == expected.shape
    assert (exported.model(images) - expected).abs().max() > 0  # it is not the float model


@pytest.fixture
def fails(capsys):
    def run(*words):
        assert main([str(word) for word in words]) == 2
        err = capsys.readouterr().err
        lines = [line for line in err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1
        return lines[0]

    return run


def test_a_file_that_predicts_otherwise_is_not_left(fails, run_folder, tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    path.write_text("older")

    def differs(*_):
        raise ExportError("at 64x96 only 98.00% of the pixels get the same class; 99.9% are needed")

    monkeypatch.setattr("commands.export.verify", differs)
    assert "only 98.00% of the pixels" in fails("export", run_folder, "--out", path)
    assert path.read_text() == "older"
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


def test_mistakes_are_named(fails, run_folder, data, tmp_path):
    assert "--int8 static needs --format onnx, and --data ROOT" in fails("export", run_folder, "--int8", "static")
    words = ("export", run_folder, "--int8", "dynamic", "--format", "torchscript", "--data", data)
    assert "--int8 dynamic needs --format onnx" in fails(*words)
    told = fails("export", run_folder, "--out", tmp_path / "model.pt")
    assert "model.pt: the name of a file of format onnx must end with .onnx" in told
    assert "is an exported file; give the run folder" in fails("export", tmp_path / "model.onnx")
    assert "model.onnx: not found; `python -m eval export MODEL` writes one" in fails("latency", "model.onnx")
    assert not list(tmp_path.iterdir())


def test_an_exported_model_computes_as_it_was_written(fails, run_folder, tmp_path, capsys):
    path = tmp_path / "model.torchscript"
    run(capsys, "export", run_folder, "--format", "torchscript", "--out", path)
    assert "leave --precision out" in fails("latency", path, "--precision", "bf16")
