"""The cache of decoded frames."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camvid.cache import FrameCache
from camvid.frames import training_frames
from camvid.layouts import open_dataset
from camvid.transforms import resize_mask
from tests.camvid.loaded import SIZE, cached_frames
from tests.drawings import synth_once


def entries(folder):
    return [path for path in folder.iterdir() if path.name != ".lock"]


def test_cache_holds_what_the_files_hold(dataset, tmp_path):
    cache = cached_frames(dataset, "train", SIZE, tmp_path)
    assert len(cache) == len(dataset.splits["train"])
    assert cache.extents is None  # all frames have one shape
    for i, frame in enumerate(dataset.splits["train"]):
        image, mask = dataset.read(frame)
        assert np.array_equal(cache.images[i], image)  # 64x96 is not above twice 32x64
        assert np.array_equal(cache.masks[i], mask)
        assert np.array_equal(cache.counts[i], np.bincount(mask[mask < 255], minlength=11))


@pytest.mark.parametrize(
    ("augment", "crop_min", "kept"),
    [
        ("crop", 0.25, (32, 48)),
        ("weather", 0.11, (49, 73)),
        ("color", 0.04, (64, 96)),  # not above the frame's own size
        ("flip", 0.25, (16, 24)),  # shows whole frames
    ],
)
def test_large_frames_are_kept_so_that_the_smallest_crop_is_not_enlarged(dataset, tmp_path, augment, crop_min, kept):
    cache = cached_frames(dataset, "train", (16, 24), tmp_path, augment=augment, crop_min=crop_min)
    assert cache.images.shape[1:3] == kept
    mask = dataset.read_mask(dataset.splits["train"][0])
    assert np.array_equal(cache.masks[0], resize_mask(mask, kept))


def test_a_label_that_is_no_picture_is_named(root, tmp_path):
    shutil.copytree(root, tmp_path / "copy")
    copy = open_dataset(tmp_path / "copy")
    path = copy.splits["train"][1].label
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=f"{path}: unreadable picture"):
        copy.frame_size("train")


def test_cache_is_reused_and_follows_the_content(root, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    folder = tmp_path / "cache"
    first = cached_frames(open_dataset(root), "train", SIZE, folder)
    cached_frames(open_dataset(copy), "train", SIZE, folder)
    assert len(entries(folder)) == 1  # the same bytes elsewhere
    frame = open_dataset(copy).splits["train"][0]
    shutil.copy(open_dataset(copy).splits["train"][1].label, frame.label)
    changed = cached_frames(open_dataset(copy), "train", SIZE, folder)
    assert len(entries(folder)) == 2
    assert not np.array_equal(changed.masks[0], first.masks[0])


def test_cache_follows_the_table_of_labels(tmp_path):
    root = tmp_path / "camvid"
    synth_once(root, frames=6, seed=5, layout="fastai", size=(64, 96))
    first = cached_frames(open_dataset(root), "train", SIZE, tmp_path / "cache")
    codes = root / "codes.txt"
    codes.write_text(codes.read_text().replace("Sky", "Moon").replace("Fence", "Sky").replace("Moon", "Fence"))
    changed = cached_frames(open_dataset(root), "train", SIZE, tmp_path / "cache")
    assert np.array_equal(changed.masks == 0, first.masks == 7)  # sky and fence have changed places


def test_cache_is_bounded(dataset, tmp_path):
    room = len(dataset.splits["train"]) * 64 * 96 * 4
    cached_frames(dataset, "train", SIZE, tmp_path, limit=room)
    (old,) = entries(tmp_path)
    cached_frames(dataset, "val", SIZE, tmp_path, limit=room)
    assert old not in entries(tmp_path)
    assert not isinstance(training_frames(dataset, "train", SIZE, tmp_path, limit=room - 1), FrameCache)


def test_a_frame_that_is_cut_short_is_found_before_any_is_decoded(root, tmp_path):
    shutil.copytree(root, tmp_path / "copy")
    dataset = open_dataset(tmp_path / "copy")
    cut(dataset.splits["train"][3].image)
    with pytest.raises(ValueError, match=dataset.splits["train"][3].image.name):
        cached_frames(dataset, "train", SIZE, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_label_outside_the_classes_is_named_and_leaves_nothing(root, tmp_path):
    shutil.copytree(root, tmp_path / "copy")
    dataset = open_dataset(tmp_path / "copy")
    path = dataset.splits["train"][3].label
    Image.fromarray(np.full((64, 96), 77, np.uint8)).save(path)
    with pytest.raises(ValueError, match=f"{path.name}: 1 value not in the class list"):
        cached_frames(dataset, "train", SIZE, tmp_path / "cache")
    assert not entries(tmp_path / "cache")


def test_an_entry_in_use_may_be_evicted(dataset, tmp_path):
    room = len(dataset.splits["train"]) * 64 * 96 * 4
    cache = cached_frames(dataset, "train", SIZE, tmp_path, limit=room)
    cached_frames(dataset, "val", SIZE, tmp_path, limit=room)
    image, mask = dataset.read(dataset.splits["train"][-1])
    assert np.array_equal(cache.images[-1], image)
    assert np.array_equal(cache.masks[-1], mask)


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("name", ["images", "masks", "counts"])
@pytest.mark.parametrize("damage", [cut, lambda path: os.truncate(path, 0), Path.unlink])
def test_a_damaged_entry_is_built_again(dataset, tmp_path, name, damage):
    cached_frames(dataset, "train", SIZE, tmp_path)
    (entry,) = entries(tmp_path)
    damage(entry / f"{name}.npy")
    cache = cached_frames(dataset, "train", SIZE, tmp_path)
    image, mask = dataset.read(dataset.splits["train"][-1])
    assert np.array_equal(cache.images[-1], image)
    assert np.array_equal(cache.masks[-1], mask)
    assert entries(tmp_path) == [entry]


READ = """
import sys; from pathlib import Path
from camvid.frames import training_frames
from camvid.layouts import open_dataset
cache = training_frames(open_dataset(Path(sys.argv[1])), 'train', (160, 224), Path(sys.argv[2]))
print(len(cache), int(cache.images.sum(dtype='int64')), int(cache.masks.sum(dtype='int64')), int(cache.counts.sum()))
"""


def start(root, folder):
    top, words = Path(__file__).parents[2], [sys.executable, "-c", READ, str(root), str(folder)]
    return subprocess.Popen(words, cwd=top, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Sixty frames of noise that take a while to decode: the same one under many names."""
    root, rng = tmp_path_factory.mktemp("many"), np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (320, 448, 3), np.uint8))
    mask = Image.fromarray(rng.integers(0, 11, (320, 448), np.uint8))
    for split, count in {"train": 60, "val": 1, "test": 1}.items():
        for folder, first in ((root / split, picture), (root / f"{split}annot", mask)):
            folder.mkdir()
            first.save(folder / f"{split}_000000.png")
            for number in range(1, count):
                os.link(folder / f"{split}_000000.png", folder / f"{split}_{number:06d}.png")
    return root


@pytest.mark.soak
def test_processes_share_an_entry_and_survive_one_that_is_killed_while_it_builds(many, tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    builder = start(many, folder)
    end = time.monotonic() + 60
    while not any(path.stat().st_size > 10**6 for path in folder.glob(".unfinished-*/images.npy")):
        assert builder.poll() is None, builder.communicate()
        assert time.monotonic() < end
        time.sleep(0.002)
    builder.send_signal(signal.SIGSTOP)  # in the middle, holding the lock
    built = entries(folder)
    others = [start(many, folder) for _ in range(2)]
    builder.kill()
    builder.communicate(timeout=60)
    printed = [process.communicate(timeout=120) for process in others]
    assert [path.name[:12] for path in built] == [".unfinished-"]
    assert [process.returncode for process in others] == [0, 0], printed
    images = 60 * np.asarray(Image.open(many / "train" / "train_000000.png")).sum(dtype="int64")
    masks = 60 * np.asarray(Image.open(many / "trainannot" / "train_000000.png")).sum(dtype="int64")
    assert {out for out, _ in printed} == {f"60 {images} {masks} {60 * 320 * 448}\n"}
    assert sum("decoding" in err for _, err in printed) == 1  # the other waited for its work
    (entry,) = entries(folder)
    assert sorted(path.name for path in entry.iterdir()) == ["about.json", "counts.npy", "images.npy", "masks.npy"]


def test_a_full_disk_is_named_and_leaves_nothing(dataset, tmp_path):
    """A limit on file size, which needs no root: the write fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(
            OSError, match=r"the decoded frames cannot be written \(File too large\); make room"
        ) as raised:
            cached_frames(dataset, "train", SIZE, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(tmp_path) in str(raised.value)
    assert not entries(tmp_path)
