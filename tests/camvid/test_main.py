"""The commands as a user runs them: real processes, their output and exit codes."""

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from PIL import Image

from camvid.check import check
from camvid.layouts import open_dataset
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
    layout, classes, labels, val, count = done.stderr.splitlines()
    assert layout == f"{tmp_path}: layout original, split official: train 2, val 2, test 2"
    assert val.startswith(f"{tmp_path}: all 2 val frames are of 0016E5, one of the 2 drives of the train split")
    assert classes.startswith(f"{tmp_path}: classes (camvid32): Animal, Archway, ")
    assert labels == f"{tmp_path}: labels hold colours, as in lab/0001TP_006690_L.png"
    assert count == f"{tmp_path}: 6 frames, 0 faults"


def test_check_says_that_a_taxonomy_has_no_priority_class_and_what_to_add(tmp_path):
    write_original(tmp_path / "data", draw())
    classes = "[{name: Road, color: [1, 2, 3], background: true}, {name: Car, color: [4, 5, 6]}]"
    (tmp_path / "mine.yaml").write_text(f"{{name: mine, classes: {classes}}}")
    done = run("check", tmp_path / "data", "--taxonomy", tmp_path / "mine.yaml")
    assert (done.returncode, done.stdout) == (0, "")
    said = [line for line in done.stderr.splitlines() if line.startswith("taxonomy mine has no priority class: ")]
    assert len(said) == 1
    assert (
        "priority Dice is undefined, no frame is an edge case, and promotion judges only mIoU and large falls"
        in said[0]
    )
    assert said[0].endswith("e.g. {name: Car, …, priority: true}")
    (tmp_path / "mine.yaml").write_text(f"{{name: mine, classes: {classes.replace('6]', '6], priority: true')}}}")
    assert "priority" not in run("check", tmp_path / "data", "--taxonomy", tmp_path / "mine.yaml").stderr


def test_check_of_a_damaged_set(tmp_path):
    write_segnet(tmp_path, draw())
    (tmp_path / "val" / "0016E5_07959.png").unlink()
    (tmp_path / "trainannot" / "0001TP_006690.png").write_bytes(b"x")
    done = run("check", tmp_path)
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{tmp_path}/valannot/0016E5_07959.png: label without a frame")
    assert second.startswith(f"{tmp_path}/trainannot/0001TP_006690.png: unreadable picture")
    assert done.stderr.endswith("5 frames, 2 faults\n")


def test_check_shows_a_bar_with_the_time_left_on_a_terminal_alone(tmp_path):
    write_original(tmp_path, draw())
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    command = [sys.executable, "-m", "camvid", "check", str(tmp_path), "--taxonomy", "camvid32"]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    output, _ = process.communicate(timeout=100)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert (process.returncode, output) == (0, b"")
    assert re.search(r"checking: +0%.*\| 0/6 \[00:00<\?", shown)
    assert re.search(r"checking: 100%.*\| 6/6 \[00:0\d<00:00", shown)
    assert "checking" not in run("check", tmp_path, "--taxonomy", "camvid32").stderr


def test_a_warning_is_one_line_without_its_place_in_the_source(tmp_path):
    write_segnet(tmp_path, draw({"train": ["park_1", "park_2"], "val": ["park_3"], "test": ["park_4"]}))
    command = [sys.executable, "-m", "camvid", "check", str(tmp_path), "--split", "random"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=100)
    guess, leak, *rest = done.stderr.splitlines()
    assert guess.startswith(
        f"GuessWarning: {tmp_path}: no codes.txt lists the names of the label values; guessed: 0 Sky"
    )
    assert leak.startswith(f"LeakWarning: {tmp_path}: split random: neighbouring frames")
    assert [line.startswith(f"{tmp_path}: ") for line in rest] == [True] * 4


def nested(root, write):
    """The files of each folder one folder further down, as Cityscapes has them."""
    write(root, draw())
    for folder in [path for path in root.iterdir() if path.is_dir()]:
        (root / "city").mkdir()
        for path in sorted(folder.iterdir()):
            path.rename(root / "city" / path.name)
        (root / "city").rename(folder / "city")


@pytest.mark.parametrize(("command", "write"), [("check", write_segnet), ("stats", write_kaggle)])
def test_a_layout_without_a_pair_is_an_error_that_says_what_was_found(command, write, tmp_path):
    nested(tmp_path, write)
    done = run(command, tmp_path)
    labels, ending = ("trainannot", "") if write is write_segnet else ("train_labels", "_L")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        f"error: {tmp_path}: layout {write.__name__.removeprefix('write_')}, and no frame with its label"
    )
    assert (
        f"train/ holds no picture, but train/city/ has 2 (first: 0001TP_006690.png); {labels}/ holds no picture, but "
        f"{labels}/city/ has 2 (first: 0001TP_006690{ending}.png); " in line
    )
    assert line.endswith(f". train/x.png goes with {labels}/x{ending}.png: rename the files, or move them there")


def test_names_that_do_not_pair_are_shown(tmp_path):
    write_fastai(tmp_path, draw())
    for path in (tmp_path / "images").iterdir():
        path.rename(path.with_name(f"{path.stem}_leftImg8bit.png"))
    done = run("check", tmp_path)
    assert done.returncode == 2
    assert "images/ holds 6 pictures (first: 0001TP_006690_leftImg8bit.png)" in done.stderr
    assert "labels/ holds 6 pictures (first: 0001TP_006690_P.png). images/x.png goes with labels/x_P.png" in done.stderr


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
    assert checked[:2] == (5, [])
    data = open_dataset(tmp_path / "new")
    assert data.layout == layout
    assert data.read_image(data.splits["train"][0]).shape == (96, 128, 3)


USER_ERRORS = {
    "no folder": (["check", "nowhere"], "nowhere: no such folder"),
    "no layout": (["check", "docs_of_nothing"], "no layout recognised: known are fastai"),
    "no taxonomy": (
        ["stats", "data", "--taxonomy", "camvid13"],
        "'camvid13': there is no such YAML file; built in are bdd19, camvid11, camvid12, camvid32",
    ),
    "another layout": (["stats", "data", "--layout", "kaggle"], "nearest are kaggle (train/, train_labels/ missing"),
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
        (["check", ""], "argument ROOT: an empty name, as of a variable that is not set; give a folder, or . for the"),
        (["convert", "x", ""], "argument OUT: an empty name"),
        (["synth", ""], "argument OUT: an empty name"),
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
