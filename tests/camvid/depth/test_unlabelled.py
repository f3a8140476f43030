"""Frames of which the depth is known and no label is: a training of depth uses them, and others leave them out."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from artifacts.dataset_artifact import dataset_artifact
from camvid.check import check
from camvid.describe import describe
from camvid.frames import about_classes, training_frames
from camvid.layouts import content_digest, find_taxonomy, open_dataset
from camvid.stats import class_frequency
from tests.camvid.depth.test_depth import write_disparity
from tests.camvid.loaded import SIZE, batches
from tests.camvid.replicas.cityscapes import TEST, write_fine
from tests.drawings import synth_once

LAYOUTS = ("original", "fastai", "segnet", "kaggle")
ONE = "1 frame with depth and without a label: only a training of depth uses it"


@pytest.fixture(scope="module", params=LAYOUTS)
def street(request, tmp_path_factory):
    """A drawn data set, in which the first frame of train has no label; the name of this frame."""
    root = tmp_path_factory.mktemp(request.param) / "streets"
    synth_once(root, frames=6, seed=5, layout=request.param, size=(64, 96), depth=True)
    frame = open_dataset(root).splits["train"][0]
    frame.label.unlink()
    return root, frame.name


def test_a_frame_with_depth_needs_no_label(street):
    root, _ = street
    report = check(root, find_taxonomy(root))
    assert report.faults == []
    assert ONE in report.taken
    lines = describe(root).lines
    assert ONE in lines
    assert any(line.startswith("5 frames with labels: frames .png, labels .png") for line in lines)
    assert not [line for line in lines if line.startswith("fault")]


def test_it_is_left_out_where_depth_is_not_asked_for(street):
    root, name = street
    plain, deep = open_dataset(root), open_dataset(root, depth=True)
    assert [frame.name for frame in plain.splits["train"]] == [f.name for f in deep.splits["train"] if f.name != name]
    (bare,) = [frame for frame in deep.splits["train"] if frame.mask is None]
    assert bare.name == name
    image, mask = deep.read(bare)
    assert image.shape == (64, 96, 3)
    assert np.array_equal(mask, np.full((64, 96), 255))
    assert content_digest(plain) != content_digest(deep)
    for split in ("train", "val"):
        one, other = class_frequency(plain, split), class_frequency(deep, split)
        assert np.array_equal(one.pixels, other.pixels)
        assert (one.void, one.frames) == (other.void, other.frames)


def test_a_training_sees_its_depth_and_a_void_mask(street, tmp_path):
    root, name = street
    dataset = open_dataset(root, depth=True)
    place = [frame.name for frame in dataset.splits["train"]].index(name)
    frames = training_frames(dataset, "train", SIZE, tmp_path, depth=True)
    assert not frames.counts[place].any()
    assert frames.counts.any(1).sum() == len(frames) - 1
    void = [(masks == 255).all((1, 2)) for _, masks, _ in batches(frames)]
    known = [torch.isfinite(depths).any((1, 2)) for *_, depths in batches(frames)]
    assert torch.cat(void).sum() == 1
    assert torch.cat(known).all()


def test_a_frame_without_label_and_depth_stays_a_fault(street, tmp_path):
    root, name = street
    shutil.copytree(root, tmp_path / "copy")
    (tmp_path / "copy" / "depth" / f"{name}.png").unlink()
    assert "frame without a label" in check(tmp_path / "copy", find_taxonomy(tmp_path / "copy")).faults[0]
    with pytest.raises(ValueError, match="frame without a label"):
        open_dataset(tmp_path / "copy", depth=True)


def test_an_artifact_has_the_frame_and_opens_as_the_same_data(street, tmp_path):
    root, _ = street
    data = open_dataset(root, depth=True)
    digest = content_digest(data)
    for name, entry in dataset_artifact(data, "set", digest).manifest.entries.items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(entry.local_path or "", target)
    assert content_digest(open_dataset(tmp_path / "data", depth=True)) == digest


def test_a_split_without_any_label_can_be_judged_by_its_depth(tmp_path):
    write_fine(tmp_path)
    write_disparity(tmp_path)
    assert open_dataset(tmp_path).unlabelled == {"test": 2}
    deep = open_dataset(tmp_path, depth=True)
    assert deep.unlabelled == {}
    assert sorted(frame.name for frame in deep.splits["test"]) == sorted(stem.rpartition("/")[2] for stem in TEST)
    assert all(deep.read_depth(frame) for frame in deep.splits["test"])
    with pytest.raises(ValueError, match="no frame of the test split has a label, only depth; train with --tasks dep"):
        deep.require_masks("test")
    deep.require_masks("train")
    report = check(tmp_path, find_taxonomy(tmp_path))
    assert "2 frames with depth and without a label: only a training of depth uses them" in report.taken
    assert report.faults == []


@pytest.fixture(params=["images/{split}/{name}", "images/{name}"])
def measured(request, tmp_path):
    """Frames and depth, and no labels."""
    root = tmp_path / "measured"
    rows = []
    for split, count in {"train": 4, "val": 2}.items():
        for number in range(count):
            name = f"drive{number % 3}_{split}{number}"
            image = root / f"{request.param.format(split=split, name=name)}.jpg"
            image.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (48, 32), (9 * number, 9, 9)).save(image)
            (root / "depth").mkdir(exist_ok=True)
            Image.fromarray(np.full((32, 48), 256 * (number + 1), np.uint16)).save(root / "depth" / f"{name}.png")
            rows.append({"name": name, "fx": 40, "fy": 40, "cx": 24, "cy": 16, "width": 48, "height": 32})
    pd.DataFrame(rows).to_csv(root / "cameras.csv", index=False)
    return root


@pytest.mark.filterwarnings("ignore:.*divided by sequences")
def test_frames_with_depth_alone_are_a_data_set(measured, tmp_path):
    dataset = open_dataset(measured)
    assert dataset.layout == "depth"
    frames = [frame for split in dataset.splits.values() for frame in split]
    assert len(frames) == 6
    assert all(frame.mask is None for frame in frames)
    report = check(measured, find_taxonomy(measured))
    assert report.faults == []
    assert "6 frames with depth and without a label: only a training of depth uses them" in report.taken
    assert describe(measured).lines[0].endswith(" has depth and no label")
    train = training_frames(dataset, "train", SIZE, tmp_path / "cache", depth=True)
    assert about_classes(dataset, train, tmp_path / "cache") == ""
    _, masks, depths = batches(train, size=SIZE)[0]
    assert (masks == 255).all()
    assert torch.isfinite(depths).all()


def test_where_there_is_only_depth_its_fault_is_named(measured):
    (measured / "cameras.csv").write_text("name,fx,cx,cy,width\nx,1,1,1,1\n")
    with pytest.raises(ValueError, match=r"cameras\.csv: columns fy, height are missing; needed are name, fx, fy"):
        open_dataset(measured)


def test_labels_without_depth_and_depth_without_labels_stand_side_by_side(tmp_path):
    """Each frame has one of the two."""
    root = tmp_path / "streets"
    synth_once(root, frames=12, seed=5, layout="segnet", size=(64, 96), depth=True)
    for number, frame in enumerate(open_dataset(root).splits["train"]):
        (frame.label if number % 2 else root / "depth" / f"{frame.name}.png").unlink()
    dataset = open_dataset(root, depth=True)
    frames = training_frames(dataset, "train", SIZE, tmp_path / "cache", depth=True)
    assert frames.depth is not None
    for index in range(8):
        labelled, known = frames.counts[index].any(), np.isfinite(frames.depth.read(index)).any()
        assert labelled != known
