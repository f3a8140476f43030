"""A folder appears whole or not at all."""

import subprocess
import sys
from typing import Any

import pytest

from camvid.folders import new_folder
from tests.camvid.killed import CHECKOUT, kill_once_there


@pytest.mark.parametrize("there", [True, False])
def test_what_was_filled_takes_its_place(tmp_path, there):
    out = tmp_path / "a" / "set"
    if there:
        out.mkdir(parents=True)
    with new_folder(out) as folder:
        (folder / "train").mkdir()
        (folder / "train" / "one.txt").write_text("1")
        assert not any(out.glob("*"))
    assert (out / "train" / "one.txt").read_text() == "1"
    assert [path.name for path in out.parent.iterdir()] == ["set"]
    assert out.stat().st_mode == out.parent.stat().st_mode


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="on the way"), new_folder(tmp_path / "set") as folder:
        (folder / "one.txt").touch()
        raise ValueError("on the way")
    assert not any(tmp_path.iterdir())


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="not an empty folder"), new_folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_scenes_whose_drawing_was_killed_are_drawn_anew(tmp_path):
    words = [sys.executable, "-m", "camvid", "synth", tmp_path / "set", "--layout", "segnet", "--seed", "0"]
    options: dict[str, Any] = {"cwd": CHECKOUT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    kill_once_there([*words, "--frames", "200"], tmp_path, ".set.part/trainannot/*.png")
    assert not (tmp_path / "set").exists()
    subprocess.run([*words, "--frames", "4", "--size", "64", "96"], check=True, timeout=120, **options)
    assert len(list((tmp_path / "set").glob("*annot/*.png"))) == 4
