"""Decoded frames of a split, kept at one size in memory-mapped files that all processes of a machine share.

Decoding a picture costs more than cropping and flipping it, so it is done once. An entry is a folder named by what went
into it (bytes of the files, size, taxonomy, label table); it appears whole by one rename, so agents that build it at
the same time do not disturb each other, and the least recently used ones go when the folder outgrows its bound.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from tqdm import tqdm

from camvid.layouts import CamVid, Frame
from camvid.taxonomy import IGNORE_INDEX
from camvid.transforms import resize_image, resize_mask

VERSION = 2  # raised when the same files give other arrays, so that older entries are not used


@dataclass(frozen=True)
class FrameCache:
    """Frames of one split at one size.

    Attributes:
        images: (N, H, W, 3) uint8 RGB, memory-mapped.
        masks: (N, H, W) uint8 class indices, void 255, memory-mapped.
        counts: (N, C) int64, pixels of each class in each mask; class weights follow from them.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.images)


def default_folder() -> Path:
    """The user's cache folder for decoded frames."""
    return user_cache_path("camvid-harness") / "frames"


def cached_frames(
    dataset: CamVid, split: str, train_size: tuple[int, int], folder: Path | None = None, limit: int = 8 * 2**30
) -> FrameCache:
    """Decoded frames of a split, from the cache or, the first time, from the files.

    Args:
        dataset: the opened data set.
        split: train, val or test.
        train_size: height and width of a training image in pixels. Frames are kept at their own size or, where that
            is larger, at twice the training size, so that crops lose no detail.
        folder: where entries lie; the user's cache folder by default.
        limit: bound of all entries together, in bytes.

    Raises:
        ValueError: a file is corrupt or holds what the taxonomy does not (named), or the split does not fit the limit.
    """
    frames = dataset.splits[split]
    if not frames:
        raise ValueError(f"{dataset.root}: the {split} split has no frames; {dataset.advice}")
    own = dataset.read_image(frames[0]).shape
    size = (min(own[0], 2 * train_size[0]), min(own[1], 2 * train_size[1]))
    need = len(frames) * size[0] * size[1] * 4
    if need > limit:
        raise ValueError(
            f"cache_gb={limit / 2**30:g} is too small: {len(frames)} {split} frames at {size[0]}x{size[1]} take "
            f"{need / 2**30:.1f} GB; raise cache_gb or lower resize_factor"
        )
    folder = folder or default_folder()
    entry = folder / _key(dataset, frames, size)
    if not entry.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _evict(folder, limit - need)
        _build(dataset, split, size, entry)
    os.utime(entry)
    return FrameCache(*(np.load(entry / f"{name}.npy", mmap_mode="r") for name in FrameCache.__annotations__))


def _key(dataset: CamVid, frames: Sequence[Frame], size: tuple[int, int]) -> str:
    digest = hashlib.blake2b(f"{VERSION} {size} {dataset.taxonomy.digest} {dataset.labels!r}".encode(), digest_size=16)
    for frame in frames:
        for path in (frame.image, frame.mask):
            digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


def _build(dataset: CamVid, split: str, size: tuple[int, int], entry: Path) -> None:
    frames = dataset.splits[split]
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=entry.parent))
    try:
        images = _open(building / "images.npy", (len(frames), *size, 3))
        masks = _open(building / "masks.npy", (len(frames), *size))
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            pairs = pool.map(lambda frame: _decode(dataset, frame, size), frames)
            for i, pair in enumerate(tqdm(pairs, f"decoding {split}", len(frames), unit="frame", leave=False)):
                images[i], masks[i] = pair
        np.save(building / "counts.npy", _counts(masks, dataset.taxonomy.num_classes))
        images.flush()
        masks.flush()
        building.rename(entry)
    except BaseException as error:
        shutil.rmtree(building, ignore_errors=True)
        if not (isinstance(error, OSError) and entry.is_dir()):  # another process was faster: its entry is the same
            raise


def _open(path: Path, shape: tuple[int, ...]) -> np.memmap[tuple[int, ...], np.dtype[np.uint8]]:
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)


def _decode(dataset: CamVid, frame: Frame, size: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    image, mask = dataset.read(frame)
    return resize_image(image, size), resize_mask(mask, size)


def _counts(masks: NDArray[np.uint8], num_classes: int) -> NDArray[np.int64]:
    counts = [np.bincount(mask.ravel(), minlength=IGNORE_INDEX + 1)[:num_classes] for mask in masks]
    return np.stack(counts)  # (N, C)


def _evict(folder: Path, limit: int) -> None:
    """Removes the least recently used entries until the rest fits; open memory maps of other processes stay valid."""
    entries = sorted((p for p in folder.iterdir() if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    sizes = {entry: sum(file.stat().st_size for file in entry.iterdir()) for entry in entries}
    total = sum(sizes.values())
    for entry in entries:
        if total <= limit:
            break
        shutil.rmtree(entry, ignore_errors=True)
        total -= sizes[entry]
