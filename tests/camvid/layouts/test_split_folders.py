"""Folders that are in no split, and two folders of one split: a line for each, wherever the data are read."""

import shutil

import pytest

from camvid.check import check
from camvid.convert import REPORT, convert
from camvid.describe import describe
from camvid.layouts import find_taxonomy, open_dataset
from camvid.layouts.notices import GuessWarning
from tests.camvid.drawn import draw, write_segnet
from tests.camvid.replicas.drawing import photo
from tests.camvid.replicas.folders import write_above, write_colors, write_roboflow

LEFT_OUT = "folder {} is no split and is left out: 3 frames"


def below(root):
    write_colors(root)
    for folder in ("images", "labels"):
        shutil.copytree(root / folder / "train", root / folder / "dev")
    return LEFT_OUT.format("images/dev")


def above(root):
    write_above(root)
    shutil.copytree(root / "train", root / "dev")
    return LEFT_OUT.format("dev")


def beside(root):
    write_roboflow(root)
    shutil.copytree(root / "train", root / "dev")
    return LEFT_OUT.format("dev")


def segnet(root):
    write_segnet(root, draw({"train": ["a_1", "a_2", "a_3"], "val": ["b_1"]}))
    for folder in ("train", "trainannot"):
        shutil.copytree(root / folder, root / folder.replace("train", "dev"))
    return LEFT_OUT.format("dev")


def loose(root):
    write_colors(root)
    photo(root / "images" / "x.png")
    return "what lies in images itself, beside the folders of splits, is left out: 1 frame"


def joined(root):
    write_colors(root)
    for folder in ("images", "labels"):
        (root / folder / "valid").mkdir()
        for path in sorted((root / folder / "val").iterdir())[1:]:
            path.rename(root / folder / "valid" / path.name)
    return "split val joins the folders images/val and images/valid"


@pytest.mark.parametrize("write", [below, above, beside, segnet, loose, joined])
@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_it_is_said(write, tmp_path):
    root = tmp_path / "set"
    line = write(root)
    assert describe(root).lines.count(line) == 1
    assert check(root, find_taxonomy(root)).taken.count(line) == 1
    assert convert(tmp_path / "plain", root).count(line) == 1
    assert line in (tmp_path / "plain" / REPORT).read_text().splitlines()
    with pytest.warns(GuessWarning, match=line):
        open_dataset(root)


@pytest.mark.parametrize("write", [write_colors, write_above, write_roboflow])
def test_nothing_is_said_of_what_is_usual(write, tmp_path):
    write(tmp_path)
    (tmp_path / "depth").mkdir()
    photo(tmp_path / "depth" / "x.png")
    (tmp_path / "empty").mkdir()
    assert not [line for line in describe(tmp_path).lines if "no split" in line or "joins" in line]
