"""The commands as a user runs them: real processes, their output and exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from camvid.check import check
from camvid.layouts import open_camvid
from camvid.taxonomy import load_taxonomy
from tests.camvid.drawn import draw, write_fastai, write_kaggle, write_original, write_segnet

CHECKOUT = Path(__file__).parents[2]


def run(*arguments):
    command = [sys.executable, "-W", "error", "-m", "camvid", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=CHECKOUT, timeout=250)


def test_check_of_a_clean_set(tmp_path):
    write_original(tmp_path, draw())
    done = run("check", tmp_path, "--taxonomy", "camvid32")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{tmp_path}: 6 pairs, 0 faults\n"


def test_check_of_a_damaged_set(tmp_path):
    write_segnet(tmp_path, draw())
    (tmp_path / "val" / "0016E5_07959.png").unlink()
    (tmp_path / "trainannot" / "0001TP_006690.png").write_bytes(b"x")
    done = run("check", tmp_path)
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{tmp_path}/valannot/0016E5_07959.png: label without a frame")
    assert second.startswith(f"{tmp_path}/trainannot/0001TP_006690.png: unreadable picture")
    assert done.stderr.endswith("5 pairs, 2 faults\n")


def test_stats_prints_and_writes(tmp_path):
    write_kaggle(tmp_path / "data", draw())
    done = run("stats", tmp_path / "data", "--out", tmp_path / "out" / "deep")
    assert (done.returncode, done.stderr) == (0, "")
    assert "train (2)" in done.stdout
    assert "Pedestrian *" in done.stdout
    assert (tmp_path / "out" / "deep" / "frequency.csv").read_text().startswith("split,class,pixels,")
    with Image.open(tmp_path / "out" / "deep" / "frequency.png") as plot:
        assert plot.width == 1320


@pytest.mark.parametrize("layout", ["original", "fastai", "segnet", "kaggle"])
def test_synth_draws_what_check_passes(layout, tmp_path):
    done = run("synth", tmp_path / "new", "--frames", 5, "--seed", 3, "--layout", layout, "--size", 96, 128)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'new'}: 5 frames, layout {layout}\n"
    checked = check(tmp_path / "new", load_taxonomy("camvid11"))
    assert checked == (5, [])
    data = open_camvid(tmp_path / "new")
    assert data.layout == layout
    assert data.read_image(data.splits["train"][0]).shape == (96, 128, 3)


USER_ERRORS = {
    "no folder": (["check", "nowhere"], "nowhere: no such folder"),
    "no layout": (["check", "docs_of_nothing"], "no layout of CamVid recognised; looked for fastai"),
    "no taxonomy": (
        ["stats", "data", "--taxonomy", "camvid13"],
        "'camvid13': neither one of camvid11, camvid12, camvid32",
    ),
    "another layout": (["stats", "data", "--layout", "kaggle"], "looked for kaggle (train/ missing"),
    "no server": (["download", "new", "--url", "http://127.0.0.1:9/x.tgz"], "cannot download http://127.0.0.1:9/x.tgz"),
    "folder in use": (["download", "data"], "data: not an empty folder"),
    "too few frames": (["synth", "new", "--frames", "0"], "frames"),
}


@pytest.mark.parametrize("arguments,message", USER_ERRORS.values(), ids=USER_ERRORS)
def test_user_errors_take_one_line_and_exit_code_2(arguments, message, tmp_path):
    write_fastai(tmp_path / "data", draw())
    (tmp_path / "docs_of_nothing").mkdir()
    command, name, *options = arguments
    done = run(command, tmp_path / name, *options)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_debug_shows_the_traceback(tmp_path):
    done = run("check", tmp_path / "nowhere", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "FileNotFoundError" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize(
    "arguments,message",
    [
        ([], "the following arguments are required: COMMAND"),
        (["check", "x", "--split", "mine"], "invalid choice: 'mine'"),
        (["synth", "x", "--frames", "many"], "invalid int value: 'many'"),
    ],
)
def test_usage_errors_exit_with_2(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_help_names_the_commands():
    done = run("--help")
    assert done.returncode == 0
    for command in ("check", "stats", "synth", "download"):
        assert f"    {command} " in done.stdout
