"""Two data sets in one training: masks from the first one, depth from the second one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from camvid.cache import FrameCache
from camvid.frames import training_frames
from camvid.joined import JoinedFrames
from camvid.layouts import open_dataset, open_depth
from camvid.loaders import SeededOrder, train_loader
from camvid.taxonomy import load_taxonomy
from commands.training_data import depth_data
from configs import TrainConfig
from tests.camvid.loaded import SIZE, batches
from tests.camvid.test_frames import equal
from tests.drawings import synth_once


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Frames of 64x96 with masks; and larger ones with depth, of another aspect, whose labels nobody can read."""
    folder = tmp_path_factory.mktemp("both")
    synth_once(folder / "masks", frames=12, seed=5, layout="segnet", size=(64, 96))
    synth_once(folder / "depth", frames=9, seed=6, layout="fastai", size=(72, 120), depth=True)
    for path in (folder / "depth" / "labels").iterdir():
        path.write_bytes(b"no picture")
    return folder / "masks", folder / "depth"


def joined(roots, folder, **changes):
    dataset = open_dataset(roots[0])
    second = open_depth(roots[1], dataset.taxonomy)
    return training_frames(dataset, "train", SIZE, folder, depth=True, depth_data=second, **changes)


def test_frames_of_both_come_one_after_the_other(roots, tmp_path):
    frames = joined(roots, tmp_path)
    dataset = open_dataset(roots[0])
    plain = training_frames(dataset, "train", SIZE, tmp_path)
    own, more = len(dataset.splits["train"]), len(open_dataset(roots[1], "camvid11").splits["train"])
    assert isinstance(frames, JoinedFrames)
    assert len(frames) == own + more
    assert frames.size == plain.size == (64, 96)
    assert np.array_equal(frames.counts, np.concatenate([plain.counts, np.zeros((more, 11), int)]))
    assert frames.cost == ""
    assert frames.depth is not None
    for index in range(own):
        assert all(np.array_equal(a, b) for a, b in zip(frames.read(index), plain.read(index), strict=True))
        assert np.isnan(frames.depth.read(index)).all()
        assert frames.extent(index) == (64, 96)
    for index in range(own, own + more):
        height, width = frames.extent(index)
        assert (height, width) == (58, 96)  # 72x120, fitted into 64x96
        assert (frames.read(index)[1] == 255).all()
        assert np.array_equal(frames.read_mask(index), frames.read(index)[1])
        known = np.isfinite(frames.depth.read(index))
        assert known[:height].mean() > 0.5
        assert not known[height:].any()


def test_the_focal_length_is_that_of_the_frames_with_depth(roots, tmp_path):
    focals = pd.read_csv(roots[1] / "cameras.csv").set_index("name").fx
    train = [focals[frame.name] for frame in open_dataset(roots[1], "camvid11").splits["train"]]
    fitted = math.sqrt(58 * 96 / (72 * 120))  # of its own pixels, in a picture of 64x96
    zoom = math.sqrt(math.prod(SIZE) / (64 * 96))
    frames = joined(roots, tmp_path)
    assert frames.focal == pytest.approx(np.median(train) * fitted * zoom)
    assert frames.depth is not None
    name = open_dataset(roots[1], "camvid11").splits["train"][0].name
    stored = np.asarray(Image.open(roots[1] / "depth" / f"{name}.png")) / 256
    canonical = frames.depth.read(8)[:58].astype(np.float64)
    scale = frames.focal / (focals[name] * fitted)
    assert np.nanmin(canonical) == pytest.approx(stored[stored > 0].min() * scale, rel=0.1)
    assert np.isin((canonical / scale * 256).round(1)[np.isfinite(canonical)].round(), stored * 256).mean() > 0.2


@pytest.mark.parametrize("limit", [1, 8 * 64 * 96 * 4 + 8 * 64 * 96])
def test_streamed_frames_of_both_are_those_of_the_cache(roots, tmp_path, limit):
    """All of them streamed; or those of the second data set alone, as the first one leaves no room."""
    cache, streamed = joined(roots, tmp_path / "room"), joined(roots, tmp_path / "none", limit=limit)
    assert isinstance(streamed, JoinedFrames)
    assert isinstance(streamed.parts[0], FrameCache) == (limit > 1)
    assert streamed.cost.count("\n") == (2 if limit == 1 else 1)
    for changes in ({}, {"augment_on": "device", "rare_crops": 0.5, "crop_max": 2.0}):
        expected = [[part.nan_to_num(-1) for part in batch] for batch in batches(cache, **changes)]
        for workers in (0, 2):
            found = batches(streamed, workers=workers, **changes)
            assert equal([[part.nan_to_num(-1) for part in batch] for batch in found], expected)


def test_the_order_is_over_both(roots, tmp_path):
    frames = joined(roots, tmp_path)
    settings: dict[str, Any] = {
        "augment": "flip",
        "size": SIZE,
        "crop_min": 0.3,
        "crop_max": 1.0,
        "batch_size": 2,
        "seed": 1,
    }
    loader = train_loader(frames, **settings)
    assert isinstance(loader.sampler, SeededOrder)
    assert sorted(index for _, index in loader.sampler) == list(range(len(frames)))
    kinds = [
        ((masks[i] < 255).any().item(), torch.isfinite(depths[i]).any().item())
        for _, masks, depths in loader
        for i in range(2)
    ]
    assert set(kinds) == {(True, False), (False, True)}
    assert kinds != sorted(kinds, reverse=True)


def test_depth_of_the_first_data_set_is_used_too(roots, tmp_path):
    synth_once(tmp_path / "both", frames=12, seed=7, layout="segnet", size=(64, 96), depth=True)
    frames = joined((tmp_path / "both", roots[1]), tmp_path / "cache")
    assert frames.depth is not None
    assert all(np.isfinite(frames.depth.read(index)).any() for index in range(len(frames)))
    assert np.isfinite(frames.depth.focals).all()
    alone = training_frames(open_dataset(tmp_path / "both"), "train", SIZE, tmp_path / "cache", depth=True)
    assert alone.depth is not None
    assert np.array_equal(frames.depth.metres(3), alone.depth.metres(3), equal_nan=True)
    assert frames.focal != alone.focal


def test_guests_of_other_hosts_have_an_entry_of_their_own(roots, tmp_path):
    """Pictures of one size, which frames of two shapes fill."""
    second = open_depth(roots[1], load_taxonomy("camvid11"))
    shapes = []
    for number, size in enumerate([(64, 96), (64, 128)]):
        synth_once(tmp_path / str(number), frames=4, seed=5, layout="segnet", size=size)
        first = open_dataset(tmp_path / str(number))
        frames = training_frames(first, "train", (32, 48), tmp_path / "cache", depth=True, depth_data=second)
        assert frames.size[0] == 64
        shapes.append(frames.extent(len(frames) - 1))
        height, width = shapes[-1]
        assert (frames.read(len(frames) - 1)[0][:height, :width].std(0) > 0).any()
        assert frames.depth is not None
        assert not np.isfinite(frames.depth.read(len(frames) - 1)[height:]).any()
    assert shapes[0] != shapes[1]


def test_a_second_data_set_without_depth_is_refused(roots, tmp_path):
    def opened(folder):
        return depth_data(TrainConfig(depth_data=str(folder)), dataset)

    dataset = open_dataset(roots[0])
    assert depth_data(TrainConfig(), dataset) is None
    with pytest.raises(ValueError, match=r"masks: no frame has depth; docs/data\.md lists the forms"):
        opened(roots[0])
    with pytest.raises(FileNotFoundError, match="nowhere"):
        opened(tmp_path / "nowhere")
    assert opened(roots[1]).has_depth("train")
