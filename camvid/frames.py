"""The frames of a training. They are decoded once if the cache has room for them, else each time they are needed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from camvid.cache import FrameCache, cached, describe_split, entry_name
from camvid.cache_folder import COUNTS, default_folder, obtain
from camvid.depth.cache import training_depth
from camvid.depth.training import TrainingDepth, WithDepth
from camvid.joined import TrainingFrames, join
from camvid.kept import GB, Extent, Kept, decode, decode_depth, keep, keep_beside
from camvid.labels import Mask
from camvid.layouts import Frame, RoadDataset
from camvid.remarks import about_absent
from camvid.stats import count_pixels
from camvid.transforms import resize_mask
from files.amounts import duration
from files.ordered import map_ordered

LIMIT = 8 * GB


@dataclass(frozen=True)
class StreamedFrames(WithDepth):
    """Frames that are decoded when they are read. The arrays equal those of a `FrameCache`."""

    dataset: RoadDataset
    frames: tuple[Frame, ...]
    kept: Kept
    counts: NDArray[np.int64]
    cost: str
    depth: TrainingDepth | None = None

    @property
    def size(self) -> Extent:
        """Height and width of a picture."""
        return self.kept.size

    def extent(self, index: int) -> Extent:
        """Height and width of a frame in its picture."""
        return self.kept.extents[index]

    def read(self, index: int) -> tuple[NDArray[np.uint8], Mask]:
        """Image (H, W, 3) and mask (H, W) of a frame. Raises ValueError that names a damaged file."""
        return decode(self.dataset, self.frames[index], self.kept.extents[index], self.kept.size)

    def read_mask(self, index: int) -> Mask:
        """The mask (H, W) of a frame, which is decoded with its image."""
        return self.read(index)[1]

    def __len__(self) -> int:
        return len(self.frames)


def training_frames(
    dataset: RoadDataset,
    split: str,
    train_size: Extent,
    folder: Path | None = None,
    limit: int = LIMIT,
    augment: str = "crop",
    crop_min: float = 0.25,
    depth: bool = False,
    depth_data: RoadDataset | None = None,
) -> TrainingFrames:
    """Frames of a split from the cache. If it has no room for them, each frame is decoded whenever it is needed.

    Both ways give the same arrays.

    Args:
        dataset: the opened data set.
        split: train, val or test.
        train_size: height and width of a training image in pixels; see `camvid.kept.keep`.
        folder: folder of the cache; the user's cache folder by default.
        limit: largest size of all entries together, in bytes.
        augment: a key of `camvid.transforms.POLICIES`.
        crop_min: smallest share of a frame's area that a crop keeps, in policies that crop.
        depth: whether the frames bring their depth, too.
        depth_data: a second data set, which gives depth and no masks; see `camvid.layouts.open_depth`. Its frames of
            the split come after those of the first one, which then need no depth.

    Raises:
        ValueError: a file is corrupt or holds a value that the taxonomy lacks, or no frame has depth where it is asked
            for; the message names the file.
    """
    dataset.require(split)
    deep = depth and (depth_data is None or dataset.has_depth(split))
    if deep:
        dataset.require_depth(split)
    kept, store = keep(dataset, split, train_size, augment, crop_min, deep), _Store(folder or default_folder(), limit)
    frames = _frames(dataset, split, kept, train_size, store)
    if not depth or depth_data is None:
        return frames
    depth_data.require_depth(split)
    beside = keep_beside(kept, dataset.frame_size(split), depth_data, split)
    taken = 0 if frames.cost else kept.bytes
    return join(frames, _frames(depth_data, split, beside, train_size, store, taken))


class _Store(NamedTuple):
    """The folder of the cache, and the largest size of all its entries together, in bytes."""

    folder: Path
    limit: int


def _frames(
    dataset: RoadDataset, split: str, kept: Kept, train_size: Extent, store: _Store, taken: int = 0
) -> FrameCache | StreamedFrames:
    """Frames of a split from the cache, or streamed if it has no room for them beside what is `taken`, in bytes."""
    whole = taken + kept.bytes <= store.limit
    depth = training_depth(dataset, split, kept, train_size, *store, streamed=not whole) if kept.depth else None
    if whole:
        return replace(cached(dataset, split, kept, *store), depth=depth)
    frames = dataset.splits[split]
    counts = _counts(dataset, split, kept, *store)
    return StreamedFrames(dataset, frames, kept, counts, _cost(dataset, frames[0], kept, store.limit), depth)


def class_counts(dataset: RoadDataset, split: str, folder: Path | None = None, limit: int = LIMIT) -> NDArray[np.int64]:
    """(N, C) pixels of each class in each mask of a split at its own size, counted once; see `training_frames`.

    Raises:
        ValueError: a mask is corrupt or holds what the taxonomy does not (named).
    """
    if not dataset.splits[split]:
        return np.zeros((0, dataset.taxonomy.num_classes), np.int64)
    whole = Kept(dataset.frame_size(split), dataset.sizes(split))
    return _counts(dataset, split, whole, folder or default_folder(), limit, what="counts at own size")


def about_classes(dataset: RoadDataset, train: TrainingFrames, folder: Path | None = None, limit: int = LIMIT) -> str:
    """One line about priority classes that no training frame shows; empty where there is none."""
    if all(train.counts.sum(0)[[*dataset.taxonomy.priority]]):
        return ""
    counts = {"train": train.counts} | {key: class_counts(dataset, key, folder, limit) for key in ("val", "test")}
    seen = {key: np.flatnonzero(found.sum(0)).tolist() for key, found in counts.items()}
    line = about_absent(dataset.taxonomy, seen)
    return f"{dataset.root}: {line}\n" if line else ""


def _cost(dataset: RoadDataset, frame: Frame, kept: Kept, limit: int) -> str:
    """One line: why frames are streamed, and the time of a core for one frame and for all frames."""
    started = time.thread_time()
    decode(dataset, frame, kept.extents[0], kept.size)
    if kept.depth:
        decode_depth(dataset, frame, kept.extents[0], kept.size)
    seconds = time.thread_time() - started
    return (
        f"{kept.needs(limit)}: each is decoded whenever it is needed, which takes {duration(seconds)} of a core, "
        f"and {duration(seconds * len(kept.extents))} of one in an epoch\n"
    )


def _counts(
    dataset: RoadDataset, split: str, kept: Kept, folder: Path, limit: int, what: str = "counts"
) -> NDArray[np.int64]:
    """(N, C) pixels of each class in each mask as it is kept; counted once, and kept as an entry of the cache."""
    shape = (len(kept.extents), dataset.taxonomy.num_classes)
    entry = folder / entry_name(dataset, split, kept, what=what)

    def load(path: Path) -> NDArray[np.int64] | None:
        try:
            counts: NDArray[np.int64] = np.load(path / COUNTS)
            os.utime(path)
        except (OSError, ValueError, EOFError):
            return None
        return counts if counts.shape == shape else None

    def build(path: Path) -> None:
        np.save(path / COUNTS, _count(dataset, split, kept))
        describe_split(path, dataset, split, kept)

    return obtain(entry, 8 * shape[0] * shape[1], limit, load, build)


def _count(dataset: RoadDataset, split: str, kept: Kept) -> NDArray[np.int64]:
    def count(pair: tuple[Frame, Extent]) -> NDArray[np.int64]:
        mask = resize_mask(dataset.read_mask(pair[0]), pair[1])
        return count_pixels(mask)[: dataset.taxonomy.num_classes]

    frames = dataset.splits[split]
    counting = map_ordered(count, zip(frames, kept.extents, strict=True))
    return np.stack(list(tqdm(counting, f"counting classes of {split}", len(frames), unit="mask", leave=False)))
