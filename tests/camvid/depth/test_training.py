"""Depth in the batches of a training: canonical, by nearest neighbour, the same from the cache and from the files."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from camvid.augmented import TrainFrames, WholeFrames
from camvid.cache import FrameCache
from camvid.cache_entries import list_entries
from camvid.depth.training import TrainingDepth
from camvid.frames import StreamedFrames, training_frames
from camvid.layouts import content_digest, open_dataset
from camvid.on_device import DeviceAugmentation
from camvid.transforms import resize_depth
from eval.depth.scale import canonical_truth
from eval.samples import FrameSamples
from tests.camvid.depth.test_depth import write_disparity
from tests.camvid.loaded import SIZE, batches
from tests.camvid.replicas.cityscapes import write_fine
from tests.drawings import synth_once

OWN = (64, 96)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("streets") / "streets"
    synth_once(folder, frames=12, seed=5, layout="segnet", size=OWN, depth=True)
    return folder


def frames_of(root, folder, **changes):
    return training_frames(open_dataset(root), "train", SIZE, folder, depth=True, **changes)


def same(one, other):
    return all(
        torch.equal(a.nan_to_num(-1), b.nan_to_num(-1))
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def test_batches_bring_canonical_depth(root, tmp_path):
    dataset = open_dataset(root)
    frames = frames_of(root, tmp_path)
    focals = pd.read_csv(root / "cameras.csv").set_index("name").fx
    train = [focals[frame.name] for frame in dataset.splits["train"]]
    assert frames.focal == pytest.approx(np.median(train) * np.sqrt(32 * 64 / (64 * 96)))
    images, masks, depths = batches(frames, augment="none", size=SIZE, batch_size=8)[0]
    assert (images.shape, masks.shape) == ((8, 3, *SIZE), (8, *SIZE))
    assert (depths.shape, depths.dtype) == ((8, *SIZE), torch.float32)
    metres = dict(zip((frame.name for frame in dataset.splits["train"]), range(8), strict=True))
    wanted = []
    for name in metres:
        stored = np.asarray(Image.open(root / "depth" / f"{name}.png")).astype(np.float32) / 256
        small = cv2.resize(stored, SIZE[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        small[small == 0] = np.nan
        focal = focals[name] * np.sqrt(32 * 64 / (64 * 96))
        wanted.append(small * frames.focal / focal)
    order = np.argsort([np.nansum(depth) for depth in depths.numpy()])
    expected = np.array(wanted)[np.argsort([np.nansum(depth) for depth in wanted])]
    np.testing.assert_allclose(depths.numpy()[order], expected, rtol=6e-4)  # float16 has 11 bits


@pytest.mark.parametrize("changes", [{}, {"augment": "flip"}, {"augment": "none", "augment_on": "device"}])
def test_without_depth_batches_are_the_same_and_so_is_the_entry_of_the_cache(root, tmp_path, changes):
    plain = training_frames(open_dataset(root), "train", SIZE, tmp_path)
    assert np.isnan(plain.focal)
    (entry,) = list_entries(tmp_path)
    deep = frames_of(root, tmp_path)
    assert {found.path for found in list_entries(tmp_path)} > {entry.path}
    without = batches(plain, **changes)
    assert len(without[0]) == (3 if "augment_on" in changes else 2)
    for one, other in zip(without, batches(deep, **changes), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other[: len(one)], strict=True))
        assert len(other) == len(one) + 1


@pytest.mark.parametrize("changes", [{}, {"augment": "flip"}, {"augment_on": "device"}])
def test_streamed_depth_is_that_of_the_cache(root, tmp_path, changes):
    cache, streamed = frames_of(root, tmp_path), frames_of(root, tmp_path, limit=1)
    assert isinstance(cache, FrameCache)
    assert isinstance(streamed, StreamedFrames)
    assert streamed.focal == cache.focal
    for workers in (0, 2):
        assert same(batches(cache, **changes), batches(streamed, workers=workers, **changes))


def test_the_entry_is_used_again_and_says_what_it_holds(root, tmp_path):
    first = frames_of(root, tmp_path)
    before = {entry.path: (entry.path / "counts.npy").stat().st_mtime_ns for entry in list_entries(tmp_path)}
    assert sorted(entry.about.rsplit(", ", 1)[1] for entry in list_entries(tmp_path)) == ["camvid11", "depth"]
    again = frames_of(root, tmp_path)
    assert {path: (path / "counts.npy").stat().st_mtime_ns for path in before} == before
    assert np.array_equal(first.depth.read(3), again.depth.read(3), equal_nan=True)


def test_the_entry_follows_the_maps_and_the_cameras(root, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    folder = tmp_path / "cache"
    first = frames_of(copy, folder)
    names = [frame.name for frame in open_dataset(copy).splits["train"]]
    shutil.copy(copy / "depth" / f"{names[1]}.png", copy / "depth" / f"{names[0]}.png")
    changed = frames_of(copy, folder)
    assert np.array_equal(changed.depth.metres(0), first.depth.metres(1), equal_nan=True)
    assert not np.array_equal(first.depth.metres(0), first.depth.metres(1), equal_nan=True)
    table = pd.read_csv(copy / "cameras.csv")
    table.assign(fx=2 * table.fx, fy=2 * table.fy).to_csv(copy / "cameras.csv", index=False)
    assert frames_of(copy, folder).focal == pytest.approx(2 * first.focal)


def test_a_data_set_and_its_frames_with_depth_can_be_sent_to_other_processes(root, tmp_path):
    streamed = frames_of(root, tmp_path, limit=1)
    copy = pickle.loads(pickle.dumps(streamed))  # noqa: S301
    assert np.array_equal(copy.depth.read(2), streamed.depth.read(2), equal_nan=True)


def test_depth_that_no_train_frame_has_is_refused(root, tmp_path):
    shutil.copytree(root, tmp_path / "bare", ignore=shutil.ignore_patterns("depth"))
    with pytest.raises(ValueError, match=r"bare: no frame of the train split has depth; docs/data\.md lists"):
        frames_of(tmp_path / "bare", tmp_path / "cache")
    shutil.copytree(root, tmp_path / "blind", ignore=shutil.ignore_patterns("cameras.csv"))
    assert open_dataset(tmp_path / "blind").depth is None  # its masks can be used all the same
    with pytest.raises(ValueError, match=r"blind/cameras\.csv: missing, and .* holds depth; write a table"):
        frames_of(tmp_path / "blind", tmp_path / "cache")


def test_frames_without_depth_are_unknown_everywhere(root, tmp_path):
    shutil.copytree(root, tmp_path / "copy")
    names = [frame.name for frame in open_dataset(root).splits["train"]]
    (tmp_path / "copy" / "depth" / f"{names[2]}.png").unlink()
    frames = frames_of(tmp_path / "copy", tmp_path / "cache")
    known = [bool(np.isfinite(frames.depth.read(index)).any()) for index in range(8)]
    assert known == [True, True, False, *[True] * 5]
    assert np.isfinite(frames.focal)


def test_depth_of_another_size_than_its_frame_is_named(root, tmp_path):
    shutil.copytree(root, tmp_path / "copy")
    name = open_dataset(root).splits["train"][1].name
    table = pd.read_csv(tmp_path / "copy" / "cameras.csv")
    table.loc[table.name == name, ["width", "height"]] = 48, 32
    table.to_csv(tmp_path / "copy" / "cameras.csv", index=False)
    Image.fromarray(np.full((32, 48), 256, np.uint16)).save(tmp_path / "copy" / "depth" / f"{name}.png")
    with pytest.raises(ValueError, match=f"{name}.png: depth is 48x32, its frame {name}.png is 96x64; `python -m"):
        frames_of(tmp_path / "copy", tmp_path / "cache")


@st.composite
def patchy(draw):
    shape = draw(st.integers(2, 40)), draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return np.where(rng.random(shape) < 0.5, np.float32("nan"), rng.uniform(1, 80, shape).astype(np.float32))


@given(patchy(), st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_resizing_never_mixes_depths(depth, size):
    resized = resize_depth(depth, size)
    assert resized.shape == size
    places = np.arange(depth.size, dtype=np.float32).reshape(depth.shape)
    assert np.array_equal(resized, depth.ravel()[resize_depth(places, size).astype(int)], equal_nan=True)


def one_frame(depth, focal, common):
    """Frames of one depth map, in a cache."""
    images, masks = np.zeros((1, *depth.shape, 3), np.uint8), np.zeros((1, *depth.shape), np.uint8)
    found = TrainingDepth(common, np.array([focal]), lambda index: depth.astype(np.float16))
    return FrameCache(images, masks, np.zeros((1, 11), np.int64), None, found)


def seen(frames, where, policy, size, crops, seed=0):
    """The canonical depth of a training image."""
    if where == "loader":
        return TrainFrames(frames, policy, size, crops)[seed, 0][2].numpy()
    augmentation = DeviceAugmentation(policy, size, crops)
    batch = WholeFrames(frames, augmentation)[seed, 0]
    return augmentation(*(part[None] for part in batch))[2][0].numpy()


WHERE = pytest.mark.parametrize("where", ["loader", "device"])


@WHERE
def test_the_same_street_taken_with_two_focal_lengths_has_one_canonical_depth(where):
    wide = np.random.default_rng(0).uniform(2, 60, (32, 64)).round().astype(np.float32)
    tele = wide[8:24, 16:48].repeat(2, 0).repeat(2, 1)  # twice the focal length: its middle, twice as large
    whole = {"where": where, "policy": "none", "crops": (1.0, 1.0)}
    small = seen(one_frame(wide, 50.0, 75.0), size=(32, 64), **whole)
    large = seen(one_frame(tele, 100.0, 75.0), size=(32, 64), **whole)
    np.testing.assert_allclose(small, wide * 75 / 50)
    np.testing.assert_allclose(large, tele * 75 / 100)
    shrunk = seen(one_frame(tele, 100.0, 75.0), size=(16, 32), **whole)  # as large as in the wide one: as far away
    np.testing.assert_allclose(shrunk, small[8:24, 16:48])


@WHERE
@pytest.mark.parametrize("policy", ["crop", "color"])
def test_a_crop_enlarged_twice_halves_the_depth(where, policy):
    """Crops of a quarter of the area, at the size of the whole."""
    depth = np.full((64, 64), 40, np.float32)
    found = [seen(one_frame(depth, 50.0, 50.0), where, policy, (64, 64), (0.25, 0.25), seed) for seed in range(8)]
    assert all(np.ptp(one) == 0 for one in found)
    np.testing.assert_allclose([one[0, 0] for one in found], 20, rtol=0.03)  # sides are whole pixels
    half = [seen(one_frame(depth, 50.0, 50.0), where, policy, (32, 32), (0.25, 0.25), seed) for seed in range(8)]
    np.testing.assert_allclose([one[0, 0] for one in half], 40, rtol=0.03)


@WHERE
def test_depth_moves_with_its_image_and_colours_leave_it_alone(where):
    depth = np.arange(1, 65, dtype=np.float32).repeat(32).reshape(64, 32).T.copy()  # farther to the right
    depth[:16] = np.nan
    image = np.repeat(depth[..., None], 3, -1)
    frames = one_frame(depth, 50.0, 50.0)
    frames.images[0] = np.nan_to_num(image)
    flipped = set()
    for seed in range(8):
        for policy in ("flip", "color"):
            crops = (0.3, 0.9)
            found = seen(frames, where, policy, (32, 64), crops, seed)
            rises = np.sign(np.nanmean(np.diff(found, axis=1)))
            flipped.add((policy, rises))
            assert np.isnan(found).any() or policy == "color"
            factor = found[np.isfinite(found)] / np.round(found[np.isfinite(found)])
            assert policy == "color" or np.allclose(factor, 1)
    assert {("flip", 1), ("flip", -1), ("color", 1), ("color", -1)} <= flipped


def test_read_depth_gives_metres_and_the_camera_at_the_frames_own_size(root):
    dataset = open_dataset(root)
    frame = dataset.splits["val"][0]
    found = dataset.read_depth(frame)
    assert found is not None
    depth, camera = found
    stored = np.asarray(Image.open(Path(root, "depth", f"{frame.name}.png"))) / 256
    assert np.array_equal(np.nan_to_num(depth), stored.astype(np.float32))
    row = pd.read_csv(root / "cameras.csv").set_index("name").loc[frame.name]
    assert (camera.fx, camera.cy, camera.size) == (row.fx, row.cy, OWN)


@pytest.mark.parametrize("limit", [1, 2**33])
def test_a_map_that_is_cut_short_is_named_before_a_training_of_depth_and_hinders_no_other(root, tmp_path, limit):
    shutil.copytree(root, tmp_path / "copy")
    dataset = open_dataset(tmp_path / "copy")
    path = tmp_path / "copy" / "depth" / f"{dataset.splits['train'][3].name}.png"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=f"{path}: unreadable or truncated picture"):
        frames_of(tmp_path / "copy", tmp_path / "cache", limit=limit)
    assert content_digest(dataset) != content_digest(open_dataset(root))
    assert len(training_frames(dataset, "train", SIZE, tmp_path / "cache")) == 8


def test_cameras_that_are_missing_hinder_no_training_without_depth(tmp_path):
    write_fine(tmp_path / "set")
    write_disparity(tmp_path / "set")
    shutil.rmtree(tmp_path / "set" / "camera")
    dataset = open_dataset(tmp_path / "set")
    assert len(content_digest(dataset)) == 64
    assert len(training_frames(dataset, "train", SIZE, tmp_path / "cache")) == 3
    with pytest.raises(ValueError, match=r"_camera\.json: missing; unpack camera_trainvaltest\.zip"):
        training_frames(dataset, "train", SIZE, tmp_path / "cache", depth=True)


@pytest.mark.parametrize("size", [SIZE, (48, 64), (96, 160)])
def test_an_evaluation_turns_the_canonical_depth_of_the_training_into_metres(root, tmp_path, size):
    """At any size of the network's input, squeezed or enlarged."""
    dataset = open_dataset(root)
    frames = training_frames(dataset, "train", size, tmp_path, depth=True)
    seen = TrainFrames(frames, "none", size, (1.0, 1.0))
    samples = FrameSamples(dataset.splits["train"], dataset.read, dataset.read_depth)
    for index in range(8):
        wanted = canonical_truth(samples[index], size, frames.focal)
        if size[0] <= OWN[0]:  # a smaller frame is kept, and then made larger
            np.testing.assert_allclose(seen[0, index][2].numpy(), wanted, rtol=6e-4)
        assert np.nanmedian(seen[0, index][2].numpy()) == pytest.approx(np.nanmedian(wanted), rel=1e-3)
