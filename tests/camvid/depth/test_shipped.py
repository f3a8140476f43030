"""Data sets with depth as artifacts: what is fetched opens as the same data, also where only the depth is used."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from artifacts.dataset_artifact import dataset_artifact
from camvid.layouts import RoadDataset, content_digest, open_dataset, open_depth, scan_layout
from camvid.synth.write import STYLES
from camvid.taxonomy import load_taxonomy
from tests.camvid.depth.test_public import WRITERS, read
from tests.drawings import synth_once

pytestmark = pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")  # Virtual KITTI's split


def shipped(data: RoadDataset, folder: Path) -> Path:
    """The folder of the data in its artifact, whose files come into a folder."""
    for name, entry in dataset_artifact(data, "set", content_digest(data)).manifest.entries.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(entry.local_path or "", target)
    return folder / "data"


def require_same(data: RoadDataset, other: RoadDataset) -> None:
    assert content_digest(other) == content_digest(data)
    for frame, copy in zip(data.splits["train"], other.splits["train"], strict=True):
        (depth, camera), (again, same) = read(data, frame), read(other, copy)
        assert np.array_equal(depth, again, equal_nan=True)
        assert camera == same


@pytest.fixture(params=WRITERS)
def written(request, tmp_path):
    WRITERS[request.param](tmp_path / "set")
    return tmp_path / "set"


def test_its_artifact_opens_as_the_same_data(written, tmp_path):
    data = open_dataset(written, depth=True)
    require_same(data, open_dataset(shipped(data, tmp_path / "shipped"), depth=True))


def test_the_artifact_of_its_depth_alone_opens_as_the_same_depth(written, tmp_path):
    data = open_depth(written, load_taxonomy("camvid11"))
    require_same(data, open_depth(shipped(data, tmp_path / "shipped"), data.taxonomy))


@pytest.mark.parametrize("layout", STYLES)
def test_the_artifact_of_drawn_depth_opens_as_the_same_depth(layout, tmp_path):
    """The labels are not read, but the layout and the splits follow from them; nor does each frame have depth."""
    synth_once(tmp_path / "drawn", frames=5, seed=4, layout=layout, size=(32, 48), depth=True)
    min((tmp_path / "drawn" / "depth").rglob("*.png")).unlink()
    for frame in scan_layout(tmp_path / "drawn").frames:
        frame.label.write_bytes(b"no picture")
    data = open_depth(tmp_path / "drawn", load_taxonomy("camvid11"))
    assert sum(map(len, data.splits.values())) == 4
    require_same(data, open_depth(shipped(data, tmp_path / "shipped"), data.taxonomy))
