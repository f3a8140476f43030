"""Depth and cameras of any form, in a converted data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from camvid.check import check
from camvid.convert import convert
from camvid.layouts import find_taxonomy, open_dataset
from tests.camvid.depth.test_depth import add_depth, rows
from tests.camvid.depth.test_public import WRITERS, read
from tests.camvid.drawn import draw, write_fastai

pytestmark = pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")


def write_arrays(root: Path) -> None:
    """Arrays of metres beside frames of CamVid."""
    write_fastai(root, draw())
    add_depth(root, "npy")


def write_some_labels(root: Path) -> None:
    """Frames with depth of which one has no label."""
    write_fastai(root, draw())
    add_depth(root)
    open_dataset(root).splits["train"][0].label.unlink()


FORMS = WRITERS | {"arrays": write_arrays, "some labels": write_some_labels}


@pytest.mark.parametrize("name", FORMS)
def test_depth_and_cameras_are_carried(name, tmp_path):
    FORMS[name](tmp_path / "set")
    before = open_dataset(tmp_path / "set", depth=True)
    lines = convert(tmp_path / "plain", tmp_path / "set")
    after = open_dataset(tmp_path / "plain", depth=True)
    assert check(tmp_path / "plain", find_taxonomy(tmp_path / "plain")).faults == []
    assert (tmp_path / "plain" / "converted.txt").read_text().splitlines() == lines
    count = 0
    for split, frames in before.splits.items():
        found = {frame.name: frame for frame in after.splits[split]}
        assert found.keys() == {frame.name for frame in frames}
        for frame in frames:
            assert bool(found[frame.name].mask) == bool(frame.mask)
            (then, camera), (now, same) = read(before, frame), read(after, found[frame.name])
            then = np.where(then * 256 > 2**16 - 0.5, np.nan, then)
            np.testing.assert_allclose(now, then, rtol=0, atol=1 / 512)
            assert camera == same
            count += 1
    (line,) = [line for line in lines if line.startswith("depth of ")]
    assert line.startswith(f"depth of {count} frames, as in ")
    linked = count if name in ("kitti_depth", "depth", "some labels") else 0
    assert f"; {linked} linked as they are, {count - linked} written" in line


def test_what_is_left_out_is_said(tmp_path):
    root = tmp_path / "set"
    write_fastai(root, draw())
    far, torn, lost, *_ = sorted(add_depth(root))
    (root / "depth" / f"{far}.png").unlink()
    np.save(root / "depth" / f"{far}.npy", np.array([[2.0, 255.99, 256.0, 300.0] * 3] * 8))
    (root / "depth" / f"{torn}.png").write_bytes(b"")
    rows(root, lambda table: table[table.name != lost])
    lines = convert(tmp_path / "plain", root)
    assert any(line.startswith("depth of 4 frames, as in depth/ and cameras.csv; 3 linked") for line in lines)
    assert "left out: depth beyond 255.99 m: 48 pixels of 1 frame" in lines
    (unread,) = [line for line in lines if line.startswith("left out: depth: ") and f"{torn}.png: unreadable" in line]
    (absent,) = [line for line in lines if line.startswith("left out: depth: ") and f"no line for frame {lost}" in line]
    assert {unread, absent} <= set((tmp_path / "plain" / "converted.txt").read_text().splitlines())
    assert len(list((tmp_path / "plain" / "depth").iterdir())) == 4
    assert list(pd.read_csv(tmp_path / "plain" / "cameras.csv").columns[:3]) == ["name", "fx", "fy"]


def test_depth_that_cannot_be_used_is_left_out_and_said(tmp_path):
    root = tmp_path / "set"
    write_fastai(root, draw())
    add_depth(root)
    (root / "cameras.csv").unlink()
    lines = convert(tmp_path / "plain", root)
    (line,) = [line for line in lines if line.startswith(("left out", "depth"))]
    assert line.startswith(f"left out: depth: {root}/cameras.csv: missing")
    assert not (tmp_path / "plain" / "depth").exists()
    assert not (tmp_path / "plain" / "cameras.csv").exists()


def test_where_all_maps_are_damaged_the_labels_are_written(tmp_path):
    root = tmp_path / "set"
    write_fastai(root, draw())
    for name in add_depth(root):
        (root / "depth" / f"{name}.png").write_bytes(b"")
    assert any(line.startswith("depth of 0 frames") for line in convert(tmp_path / "plain", root))
    assert sorted(path.name for path in (tmp_path / "plain").iterdir()) == [
        "categories.json",
        "converted.txt",
        "images",
        "masks",
        "taxonomy.yaml",
    ]


def test_frames_without_a_label_need_whole_depth(tmp_path):
    root = tmp_path / "set"
    WRITERS["depth"](root)
    first, *others = sorted((root / "depth").rglob("*.png"))
    first.write_bytes(b"")
    lines = convert(tmp_path / "plain", root)
    assert "left out: 1 frame without a label, whose depth was left out" in lines
    assert check(tmp_path / "plain", find_taxonomy(tmp_path / "plain")).faults == []
    for path in others:
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"\.png: unreadable picture .*; so no frame has a label or depth"):
        convert(tmp_path / "none", root)
