"""What a user can mend is one line with exit code 2."""

import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image

import train
from models import ARCHITECTURES
from tests.train.started import ROOT, command, only, run


def damaged(data, tmp_path, change):
    copy = tmp_path / "damaged"
    shutil.copytree(data, copy)
    change(copy)
    return copy


def cut_short(folder, share):
    """A file of which that share is left."""

    def change(root):
        file = sorted((root / folder).iterdir())[2]
        os.truncate(file, int(file.stat().st_size * share))

    return change


def label_outside(root, folder="trainannot"):
    mask = sorted((root / folder).iterdir())[2]
    picture = Image.open(mask).copy()
    picture.putpixel((0, 0), 77)
    picture.save(mask)


def empty_val(root):
    for folder in ("val", "valannot"):
        for file in (root / folder).iterdir():
            file.unlink()


def nested(root):
    for folder in ("train", "val", "test"):
        (root / folder).rename(root / "city")
        (root / folder).mkdir()
        (root / "city").rename(root / folder / "city")


def remove_mask(root):
    sorted((root / "valannot").iterdir())[0].unlink()


@pytest.mark.parametrize(
    ("flags", "change", "message"),
    [
        (["--lrr=1"], None, "unknown key 'lrr'; did you mean 'lr'?"),
        (["--epochs=many"], None, "epochs='many': Input should be a valid integer"),
        (["--batch_size=500"], None, "batch_size=500 is larger than the train split"),
        (["--backbone=resnet43"], None, "resnet34"),
        (["--loss=hinge"], None, "hinge"),
        (["--device=cuda"], None, "this machine shows no CUDA device"),
        (["--taxonomy=camvid13"], None, "camvid13"),
        ([], label_outside, "77"),
        ([], partial(label_outside, folder="valannot"), "77"),
        ([], cut_short("trainannot", 0), "0 bytes in an unknown format"),
        ([], cut_short("valannot", 0), "0 bytes in an unknown format"),
        ([], cut_short("trainannot", 0.9), "truncated picture"),
        ([], cut_short("valannot", 0.9), "truncated picture"),
        ([], cut_short("train", 0.5), "truncated picture"),
        ([], cut_short("val", 0.99), "truncated picture"),
        (["--cache_gb=0.0001"], cut_short("train", 0.5), "truncated picture"),
        (["--cache_gb=0.0001"], label_outside, "77"),
        ([], remove_mask, "damaged/val/"),
        ([], empty_val, "the val split has no frames"),
        ([], nested, "layout segnet, and no frame with its label: train/ holds no picture, but train/city/ has"),
    ],
)
def test_mistakes_are_named_in_one_line_with_exit_code_2(data, tmp_path, here, capsys, flags, change, message):
    if flags == ["--device=cuda"] and torch.cuda.is_available():
        flags, message = ["--lr=-1"], "lr=-1"  # this machine has one
    root = damaged(data, tmp_path, change) if change else data
    assert train.cli(command(root, tmp_path / "runs", "--epochs=1", *flags)[2:]) == 2
    said = capsys.readouterr().err
    error = [line for line in said.splitlines() if line.startswith("error: ")]
    assert len(error) == 1, said
    assert message in error[0]
    assert "Traceback" not in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("flags", ["--mirror=true", "--fit=fine_tune"])
def test_a_model_of_ones_own_is_refused_what_it_cannot_do(data, tmp_path, here, capsys, monkeypatch, flags):
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: torch.nn.Conv2d(3, num_classes, 1))
    words = command(data, tmp_path / "runs", "--epochs=1", "--architecture=mine", flags)[2:]
    assert train.cli(words) == 2
    (error,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert flags[2:].split("=")[0] in error
    assert "Conv2d" in error
    assert not list((tmp_path / "runs").glob("*/checkpoints/*"))


@pytest.mark.soak
def test_a_damaged_frame_is_named_by_a_process_that_ends_with_2(data, tmp_path, environment):
    done = run(
        command(damaged(data, tmp_path, cut_short("train", 0.5)), tmp_path / "runs", "--epochs=1"), environment, code=2
    )
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "damaged/train/" in error
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("root", "flags", "message"),
    [
        ("nowhere", [], "nowhere: no such folder"),
        (".", [], "/camvid: give that folder"),
        ("camvid", ["--taxonomy=camvid13"], "there is no such YAML file; built in are bdd19, camvid11"),
        ("camvid", ["--project=a/b"], "project='a/b'"),
    ],
)
def test_what_is_quickly_known_is_told_before_torch_is_imported(data, tmp_path, environment, root, flags, message):
    words = command(data.parent / root, tmp_path / "runs", *flags)
    done = run([words[0], "-X", "importtime", *words[1:]], environment, code=2)
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert message in error
    assert "Traceback" not in done.stderr
    assert not re.search(r"\| +torch$", done.stderr, re.MULTILINE)  # which takes seconds to import
    assert re.search(r"\| +yaml$", done.stderr, re.MULTILINE)
    assert not (tmp_path / "runs").exists()


def test_debug_shows_the_traceback(tmp_path, environment):
    done = run(command(tmp_path / "nowhere", tmp_path / "runs", "--debug"), environment, code=2)
    assert "Traceback" in done.stderr


@pytest.mark.soak
def test_a_training_goes_on_if_nobody_can_take_its_output(data, environment, tmp_path):
    with Path("/dev/full").open("w") as full:
        words = command(data, tmp_path / "runs", "--epochs=1")
        done = subprocess.run(words, cwd=ROOT, env=environment, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and done.stderr.count("stdout: cannot be written (No space left on device)") == 1
    assert (only(tmp_path / "runs") / "model.safetensors").is_file()
