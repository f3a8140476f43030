"""The set of benchmarks.large: a few drawn frames under many names."""

import pytest

from benchmarks.large import draw, seconds_a_frame
from camvid.layouts import open_dataset


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_the_set_has_as_many_frames_as_were_asked_for(ending, tmp_path):
    draw(tmp_path / "data", frames=100, size=(64, 128), ending=ending)
    dataset = open_dataset(tmp_path / "data")
    assert {split: len(frames) for split, frames in dataset.splits.items()} == {"train": 96, "val": 2, "test": 2}
    assert len({frame.image.stat().st_ino for frame in dataset.splits["train"]}) < 24
    assert {frame.image.suffix for frame in dataset.splits["train"]} == {f".{ending}"}
    assert seconds_a_frame(tmp_path, tmp_path / "data") > 0
