"""What the command lines share: flags in both spellings, and no stranger in place of one of our packages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from camvid.__main__ import _parser as camvid_parser
from commands.evaluation_options import parse as eval_options
from commands.versions_options import parse as artifacts_options
from flags import FlagParser

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("flag", ["--latency-limit", "--latency_limit"])
def test_artifacts_takes_both(flag):
    assert artifacts_options(["promote", "net:v1", flag, "0.5"], None).latency_limit == 0.5


@pytest.mark.parametrize(
    "parse", [lambda: eval_options(["sweep", "e/p/1"], None), lambda: artifacts_options(["lineage", "net:v1"], None)]
)
def test_variables_that_are_empty_are_as_unset_for_the_client(monkeypatch, parse):
    monkeypatch.setenv("WANDB_MODE", "")
    monkeypatch.setenv("WANDB_NAME", "kept")
    parse()
    assert "WANDB_MODE" not in os.environ
    assert os.environ["WANDB_NAME"] == "kept"


@pytest.mark.parametrize("flag", ["--batch-size=2", "--batch_size=2"])
def test_eval_takes_both(flag):
    assert eval_options(["runs/a", "--data=d", flag, "--eval_factor=0.5"], None).batch_size == 2
    assert eval_options(["compare", "runs/a", "--no_onnx"], None).no_onnx


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["m", "--batch-size=x"], "--batch-size: invalid count value: 'x'"),
        (["m", "--batch-size=0"], "--batch-size: 0 must be 1 or more"),
        (["m", "--eval-factor=17"], "--eval-factor: 17 must be above 0 and at most 16"),
        (["m", "--depth-threshold=-1"], "--depth-threshold: -1 must be 0 or more"),
        (["m", "--depth-threshold=inf"], "--depth-threshold: inf must be 0 or more"),
        (["m", "--threshold=2"], "--threshold: 2 must be between 0 and 1"),
        (["compare", "m", "--embedded-mb=nan"], "--embedded-mb: nan must be above 0"),
        (["compare", "m", "--embedded-mb=many"], "--embedded-mb: invalid number value: 'many'"),
        (["predict", "m", "in", "--camera=cameras.csv"], "--camera: cameras.csv: four numbers are needed, FX,FY,CX,CY"),
        (["predict", "m", "in", "--camera=1,2,3"], "--camera: 1,2,3: four numbers are needed, FX,FY,CX,CY"),
        (["predict", "m", "in", "--camera=0,2,3,4"], "--camera: 0,2,3,4: the focal lengths are 0 and 2 pixels"),
    ],
)
def test_numbers_that_are_none_or_too_large(words, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        eval_options(words, None)
    assert f"error: argument {message}" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--per-class", "--per_class"])
def test_subcommands_and_flags_of_parents_take_both(flag):
    shared = FlagParser(add_help=False)
    shared.add_argument("--per-class", metavar="N")
    top = FlagParser()
    top.add_subparsers(dest="command").add_parser("count", parents=[shared])
    assert top.parse_args(["count", flag, "a_b-c"]).per_class == "a_b-c"
    with pytest.raises(SystemExit):
        top.parse_args(["count", "--per__class", "1"])


def test_camvid_s_parser_is_one():
    assert isinstance(camvid_parser(), FlagParser)


@pytest.mark.parametrize(
    ("module", "stranger"),
    [
        *(("eval", name) for name in ("files", "configs", "camvid", "models", "training", "artifacts")),
        *(("artifacts", name) for name in ("camvid", "eval", "files")),
        ("camvid", "files"),
        *(("train", name) for name in ("models", "losses")),
    ],
)
def test_a_stranger_in_place_of_a_package_is_one_line_with_both_paths(module, stranger, tmp_path):
    """As it is after pip, outside the checkout: the folder where a program starts comes before ours."""
    (tmp_path / stranger).mkdir()
    (tmp_path / stranger / "__init__.py").touch()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", module, "--help"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {stranger}: Python would import {tmp_path / stranger / '__init__.py'}, but {ROOT}/")


def test_a_folder_without_python_files_is_no_stranger(tmp_path):
    (tmp_path / "models").mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "eval", "--help"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
