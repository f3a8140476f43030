"""What is said about a data set that is no fault."""

import numpy as np
import pytest
from PIL import Image

from camvid.__main__ import main
from camvid.frames import about_classes, training_frames
from camvid.layouts import open_dataset
from camvid.remarks import about_absent
from camvid.taxonomy import load_taxonomy
from tests.drawings import synth_once

CAMVID11 = load_taxonomy("camvid11")
ALL = range(11)
ABSENT = "no train label shows these priority classes, so they cannot be learnt"


@pytest.mark.parametrize(
    ("train", "val", "told"),
    [
        (ALL, ALL, ""),
        (ALL, [], ""),
        ([], ALL, ""),  # there is no train split
        ({*ALL} - {0, 4}, ALL, ""),  # sky and sidewalk are no priority classes
        ({*ALL} - {9}, ALL, f"{ABSENT}: Pedestrian (in val)"),
        ({*ALL} - {9, 10}, {*ALL} - {10}, f"{ABSENT}: Pedestrian (in val), Bicyclist (in no split)"),
    ],
)
def test_a_priority_class_that_train_lacks(train, val, told):
    assert about_absent(CAMVID11, {"train": train, "val": val}) == told


def test_several_splits_that_have_it_are_all_named():
    seen = {"train": {0}, "val": ALL, "test": ALL}
    assert about_absent(CAMVID11, seen).count("(in val and test)") == len(CAMVID11.priority)


@pytest.fixture
def root(tmp_path):
    """Drawn streets whose pedestrians are only in val, and whose cyclists are nowhere."""
    synth_once(tmp_path / "data", frames=20, seed=3, layout="segnet", size=(96, 128))
    for split in ("train", "val", "test"):
        for path in (tmp_path / "data" / f"{split}annot").iterdir():
            mask = np.array(Image.open(path))
            mask[np.isin(mask, [10] if split == "val" else [9, 10])] = 3
            mask[0, 0] = 9 if split == "val" else 3
            Image.fromarray(mask).save(path)
    return tmp_path / "data"


@pytest.mark.parametrize("command", ["check", "stats"])
def test_commands_say_it(command, root, tmp_path, capsys):
    assert main([command, str(root), *([f"--out={tmp_path}"] if command == "stats" else [])]) == 0
    line = f"{root}: {ABSENT}: Pedestrian (in val), Bicyclist (in no split)"
    assert capsys.readouterr().err.splitlines().count(line) == 1


def test_a_training_says_it(root, tmp_path):
    dataset = open_dataset(root)
    for limit in (2**30, 1):
        train = training_frames(dataset, "train", (96, 128), tmp_path / "cache", limit)
        line = f"{root}: {ABSENT}: Pedestrian (in val), Bicyclist (in no split)\n"
        assert about_classes(dataset, train, tmp_path / "cache", limit) == line


def test_a_training_says_nothing_where_train_has_all(tmp_path):
    synth_once(tmp_path / "data", frames=40, seed=3, layout="segnet", size=(96, 128))
    dataset = open_dataset(tmp_path / "data")
    train = training_frames(dataset, "train", (96, 128), tmp_path / "cache")
    assert about_classes(dataset, train, tmp_path / "cache") == ""
