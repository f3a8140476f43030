"""Frames that do not fit the cache."""

import os
import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from camvid.cache import FrameCache
from camvid.cache_entries import list_entries
from camvid.frames import StreamedFrames, training_frames
from camvid.layouts import RoadDataset, open_dataset
from camvid.taxonomy import load_taxonomy
from tests.camvid.loaded import SIZE, batches, cached_frames


@pytest.fixture(scope="module")
def photographs(root, tmp_path_factory):
    """The frames as JPEG, one of them of another shape."""
    folder = tmp_path_factory.mktemp("photographs") / "camvid"
    shutil.copytree(root, folder)
    for path in [*folder.glob("train/*.png"), *folder.glob("val/*.png"), *folder.glob("test/*.png")]:
        Image.open(path).save(path.with_suffix(".jpg"), quality=95)
        path.unlink()
    frame = open_dataset(folder).splits["train"][1]
    for path in (frame.image, frame.label):
        Image.open(path).crop((0, 0, 50, 60)).save(path)
    return open_dataset(folder)


def equal(one, other):
    return all(torch.equal(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))


@pytest.mark.parametrize("size", [SIZE, (16, 24)])
@pytest.mark.parametrize("data", ["dataset", "photographs"])
def test_streamed_frames_are_those_of_the_cache_whatever_the_workers(data, size, request, tmp_path):
    dataset = request.getfixturevalue(data)
    cache = training_frames(dataset, "train", size, tmp_path)
    streamed = training_frames(dataset, "train", size, tmp_path, limit=1)
    assert isinstance(cache, FrameCache)
    assert isinstance(streamed, StreamedFrames)
    assert len(streamed) == len(cache) == 8
    assert streamed.size == cache.size
    assert np.array_equal(streamed.counts, cache.counts)
    for index in range(8):
        assert streamed.extent(index) == cache.extent(index)
        assert all(
            np.array_equal(one, other) for one, other in zip(streamed.read(index), cache.read(index), strict=True)
        )
        assert all(np.array_equal(frames.read_mask(index), cache.read(index)[1]) for frames in (streamed, cache))
    for changes in ({}, {"augment": "flip"}, {"augment_on": "device"}, {"rare_crops": 0.5, "crop_max": 2.0}):
        expected = batches(cache, size=size, epoch=3, **changes)
        for workers in (0, 2):
            assert equal(batches(streamed, size=size, epoch=3, workers=workers, **changes), expected)


def test_classes_are_counted_once(dataset, tmp_path, monkeypatch):
    first = training_frames(dataset, "train", SIZE, tmp_path, limit=2**16)
    (entry,) = list_entries(tmp_path)
    assert f"{dataset.root}, train: 8 frames at 64x96, camvid11" in entry.about
    assert entry.size < 2000
    read = []
    monkeypatch.setattr(
        RoadDataset, "read_mask", lambda dataset, frame: read.append(frame) or RoadDataset.decode(dataset, frame)[0]
    )
    again = training_frames(dataset, "train", SIZE, tmp_path, limit=2**16)
    assert np.array_equal(first.counts, again.counts)
    assert read == [dataset.splits["train"][0]]  # of which the cost is measured
    os.truncate(entry.path / "counts.npy", 20)
    training_frames(dataset, "train", SIZE, tmp_path, limit=2**16)
    assert len(read) == 1 + 9


def test_what_it_costs_is_said_in_one_line(dataset, tmp_path):
    streamed = training_frames(dataset, "train", SIZE, tmp_path, limit=2**10)
    start = "cache_gb=9.54e-07 has no room for 8 frames at 64x96, which take 192 KiB decoded: each is decoded whenever"
    assert streamed.cost.startswith(start)
    assert re.search(r"which takes [\d.]+ m?s of a core, and [\d.]+ m?s of one in an epoch\n$", streamed.cost)
    assert streamed.cost.count("\n") == 1
    assert training_frames(dataset, "train", SIZE, tmp_path).cost == ""


@pytest.mark.parametrize(("train_size", "reduction"), [((32, 48), 1), ((16, 24), 2), ((8, 12), 4), ((15, 24), 2)])
def test_a_jpeg_is_decoded_at_the_reduction_that_enlarges_no_crop(tmp_path, train_size, reduction):
    """Steps of grey, so that what a reduced decoding gives can be told from what an average of the whole gives."""
    frames = training_frames(steps(tmp_path), "train", train_size, tmp_path / "cache", limit=1)
    kept = min(64, 2 * train_size[0]), min(96, 2 * train_size[1])
    assert frames.size == kept
    dataset = open_dataset(tmp_path / "data")
    image, mask = dataset.read(dataset.splits["train"][0], at_least=kept)
    assert image.shape[:2] == (64 // reduction, 96 // reduction)
    assert mask.shape == (64, 96)
    assert image.shape[0] >= kept[0]
    shown, _ = frames.read(0)
    whole = dataset.read_image(dataset.splits["train"][0])
    averaged = np.asarray(Image.fromarray(whole).resize(kept[::-1], Image.Resampling.BOX))
    assert np.abs(shown.astype(int) - averaged).mean() < 4


def steps(folder):
    """One frame for train and one for val, of 64x96 in blocks of 8x8."""
    rng, root = np.random.default_rng(0), folder / "data"
    image = np.kron(rng.integers(0, 256, (8, 12, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    for split, name in {"train": "0001TP_000000", "val": "0002TP_000000"}.items():
        for path, picture in (
            (root / split / f"{name}.jpg", image),
            (root / f"{split}annot" / f"{name}.png", np.zeros((64, 96), np.uint8)),
        ):
            path.parent.mkdir(parents=True)
            Image.fromarray(picture).save(path, quality=98, subsampling=0)
    (root / "codes.txt").write_text("\n".join(load_taxonomy("camvid11").names))
    return open_dataset(root)


def test_a_label_of_half_the_size_is_no_reduction(tmp_path):
    dataset = steps(tmp_path)
    frame = dataset.splits["train"][0]
    Image.fromarray(np.zeros((32, 48), np.uint8)).save(frame.mask)
    with pytest.raises(ValueError, match=f"{frame.mask}: label is 48x32, its frame 0001TP_000000.jpg is 96x64"):
        cached_frames(dataset, "train", (16, 24), tmp_path / "cache")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_frame_is_named_when_it_is_needed(photographs, tmp_path, workers):
    root = tmp_path / "copy"
    shutil.copytree(photographs.root, root)
    dataset = open_dataset(root)
    path = dataset.splits["train"][3].image
    streamed = training_frames(dataset, "train", SIZE, tmp_path / "cache", limit=1)
    os.truncate(path, path.stat().st_size // 2)  # before, it would have been found
    with pytest.raises(ValueError, match=f"{path}: unreadable or truncated picture"):
        batches(streamed, workers=workers)
