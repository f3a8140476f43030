"""What the README shows runs as it stands, on drawn data in place of the reader's."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from camvid.layouts import open_camvid
from camvid.synth import synth
from eval.options import parse as parse_eval

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
QUICK = (
    "--epochs 1 --backbone mobilenetv3_small_050 --weights none --resize_factor 0.3 --eval_factor 0.3 --batch_size 2"
)


def blocks() -> list[list[str]]:
    """The commands of each code block, without their comments."""
    found = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    return [[line.split("   #")[0].split("  # ")[0].strip() for line in block.splitlines() if line] for block in found]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme") / "CamVid"
    synth(folder, frames=12, seed=1, layout="original", size=(96, 128))
    return folder


def film(frames, path):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 5, (128, 96))
    for frame in frames:
        writer.write(cv2.imread(str(frame.image)))
    writer.release()


def execute(line, folder):
    """Runs a command of the README in a folder, with quick settings for a training."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    environment |= {"XDG_CACHE_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    line = line.replace("configs/", f"{ROOT}/configs/").replace("train.py", f"{ROOT}/train.py {QUICK}")
    words = [sys.executable, *shlex.split(line)[1:]]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def left(folder):
    """What git would show as new in a checkout in which the commands were run."""
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    (folder / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    said = subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True, text=True).stdout
    return {line[3:] for line in said.splitlines()} - {".gitignore", "cache/"}


@pytest.mark.parametrize("command", ["runs/a --data d", "predict runs/a in", "compare runs/a --data d", "sweep e/p/s"])
def test_what_commands_leave_by_themselves_is_ignored_by_git(command, tmp_path):
    out = tmp_path / parse_eval(command.split(), "").out
    out.mkdir()
    (out / "a.csv").touch()
    assert left(tmp_path) == set()


def test_pictures_and_logs_that_commands_leave_are_ignored_by_git(tmp_path):
    for name in ("camvid-unet-v12.svg", "frequency.csv", "frequency.png", "camvid-sweep-12_3.log"):
        (tmp_path / name).touch()
    (tmp_path / "mine.svg").touch()
    assert left(tmp_path) == {"mine.svg"}


@pytest.mark.soak
def test_commands_on_ones_own_camvid(data, tmp_path):
    film(open_camvid(data).splits["val"], tmp_path / "drive.mp4")
    (commands,) = [block for block in blocks() if any("camvid check" in line for line in block)]
    assert len(commands) == 5
    for command in commands:
        runs = sorted((tmp_path / "runs").glob("*"))
        line = command.replace("/data/CamVid", str(data))
        execute(line.replace("runs/ID", str(runs[0]) if runs else "runs/ID"), tmp_path)
    assert (tmp_path / "stats").is_dir()
    assert (runs[0] / "test" / "worst.png").is_file()
    assert list((tmp_path / "overlays").glob("*.mp4"))
    assert left(tmp_path) == {"drive.mp4"}


@pytest.mark.soak
def test_commands_on_label_images_that_are_only_colours(tmp_path):
    (drawn,) = re.findall(r"`(python -m camvid synth pairs [^`]*)`", README)
    (commands,) = [block for block in blocks() if any("camvid composites" in line for line in block)]
    assert len(commands) == 2
    for command in (f"{drawn} --frames 12", *commands):
        execute(command, tmp_path)
    assert (tmp_path / "data" / "pairs" / "composites.png").is_file()
    assert list((tmp_path / "runs").glob("*/report/curves.png"))
    assert left(tmp_path) == set()


def test_every_preset_and_folder_is_in_the_readme():
    presets = {path.name for path in (ROOT / "configs").glob("*.yaml")}
    named = set(re.findall(r"configs/(\w+\*?)\.yaml", README)) | set(re.findall(r"configs/(\w+)_\*\.yaml", README))
    for preset in presets:
        assert any(preset.startswith(name.rstrip("*_")) for name in named), preset
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert all(f"{folder}/" in README for folder in folders - {"benchmarks"})


def test_targets_of_make_that_the_readme_names_exist():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make (\w+)", README))
    assert named
    assert named <= targets
