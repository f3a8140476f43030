"""The set of benchmarks.large: a few drawn frames under many names."""

import pytest

from benchmarks.large import draw, seconds_a_frame
from camvid.layouts import open_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of both sets, which share the frames that are drawn."""
    return tmp_path_factory.mktemp("large")


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_the_set_has_as_many_frames_as_were_asked_for(ending, folder, tmp_path):
    draw(folder / ending, frames=100, size=(64, 128), ending=ending)
    dataset = open_dataset(folder / ending)
    assert {split: len(frames) for split, frames in dataset.splits.items()} == {"train": 96, "val": 2, "test": 2}
    assert len({frame.image.stat().st_ino for frame in dataset.splits["train"]}) < 24
    assert {frame.image.suffix for frame in dataset.splits["train"]} == {f".{ending}"}
    assert ending == "jpg" or seconds_a_frame(tmp_path, folder / ending) > 0
