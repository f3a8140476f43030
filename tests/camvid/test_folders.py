"""A folder appears whole or not at all."""

import errno
import resource
import subprocess
import sys
from typing import Any

import pytest

from camvid.__main__ import main
from camvid.folders import new_folder
from tests.camvid.killed import CHECKOUT, kill_once_there
from tests.camvid.replicas.folders import write_plain

READ = ("describe", "check", "stats", "convert", "composites")


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


@pytest.mark.parametrize("path", [None, ".set.part/masks/a.png"])
def test_a_full_disk_is_told_by_the_name_of_the_folder_and_the_fix(path, tmp_path):
    with (
        pytest.raises(OSError, match=r"/set: cannot be written \(No space left\); make room on that disk$") as error,
        new_folder(tmp_path / "set"),
    ):
        raise OSError(errno.ENOSPC, "No space left", path and str(tmp_path / path))
    assert ".part" not in str(error.value)
    assert not any(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_told_by_its_own_name_and_an_error_of_other_files_is_left(tmp_path):
    long = "x" * 252  # with what the hidden name adds, it is too long
    with (
        pytest.raises(OSError, match=r"/x{252}: cannot be written \(File name too long\)"),
        new_folder(tmp_path / long),
    ):
        pass
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: '.*/other'"), new_folder(tmp_path / "set"):
        (tmp_path / "other").read_text()


def test_stats_write_both_files_or_none(tmp_path, capsys):
    write_plain(tmp_path / "plain")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))  # room for the table, and none for the plot
    try:
        assert main(["stats", str(tmp_path / "plain"), "--out", str(tmp_path / "out")]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "frequency.png: cannot be written (File too large)" in capsys.readouterr().err
    assert not any((tmp_path / "out").iterdir())


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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        *(
            (f"{command} nowhere", "nowhere: no such folder; give the folder that holds the data set")
            for command in READ
        ),
        *(
            (f"{command} file", "file: a file, and no folder; give the folder that holds the data set")
            for command in READ
        ),
        ("check set --images classes.txt --masks masks", "--images set/classes.txt: a file; give a folder"),
        ("check set --images images --masks classes.txt", "--masks set/classes.txt: a file; give a folder"),
        ("check set --classes images", "--classes set/images: a folder; give the file that lists the classes"),
        ("convert set set/plain", "set/plain: lies in set, which is read; give a folder outside of it"),
        ("convert set set", "set: lies in set, which is read; give a folder outside of it"),
        ("convert set full", "full: not an empty folder; give a new one, or empty it first"),
        ("convert set file", "file: not an empty folder; give a new one, or empty it first"),
        ("convert set file/plain", "file is a file, and no folder can be made in it; give another one"),
        ("composites set set/plain", "set/plain: lies in set, which is read; give a folder outside of it"),
        ("synth file/plain", "file is a file, and no folder can be made in it; give another one"),
        ("stats set --out file/stats", "file: a file, and no folder; give --out a folder"),
        ("stats set --out file", "file: a file, and no folder; give --out a folder"),
        ("describe set --out none/x.yaml", "none/x.yaml: there is no folder none; make it, or give another file"),
    ],
)
def test_folders_that_cannot_be_read_or_made_are_one_line(words, message, tmp_path, monkeypatch, capsys):
    write_plain(tmp_path / "set")
    (tmp_path / "full" / "mine").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    command, *rest = words.split()
    assert main([command, *rest, *(["out"] if command in ("convert", "composites") and len(rest) == 1 else [])]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert line.endswith(message)
    assert sorted(tmp_path.rglob("*")) == before
