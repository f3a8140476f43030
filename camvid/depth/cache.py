"""The depth of a training: from the cache, where it lies beside the pictures, or decoded whenever it is needed."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from camvid.cache import VERSION, describe_split, open_arrays, write_header
from camvid.cache_folder import COUNTS, obtain
from camvid.depth.training import TrainingDepth
from camvid.kept import Extent, Kept, decode_depth
from camvid.layouts import Frame, RoadDataset
from camvid.layouts.digests import depth_digests, require_whole_depth
from files.ordered import map_ordered

MAPS = "depths.npy"  # (N, H, W) float16, metres
Maps = NDArray[np.float16]


@dataclass(frozen=True)
class _Cached:
    """Maps (N, H, W), of which one is copied."""

    maps: Maps

    def __call__(self, index: int) -> Maps:
        return np.array(self.maps[index])


@dataclass(frozen=True)
class _Streamed:
    """Maps that are decoded when they are asked for."""

    dataset: RoadDataset
    frames: Sequence[Frame]
    kept: Kept

    def __call__(self, index: int) -> Maps:
        return decode_depth(self.dataset, self.frames[index], self.kept.extents[index], self.kept.size)


def training_depth(
    dataset: RoadDataset, split: str, kept: Kept, train_size: Extent, folder: Path, limit: int, streamed: bool = False
) -> TrainingDepth:
    """The depth of the frames of a split; canonical for the median of their focal lengths at the training size.

    Args:
        dataset: the opened data set.
        split: train, val or test.
        kept: how its frames are kept.
        train_size: height and width of a training image in pixels.
        folder: folder of the cache.
        limit: largest size of all entries together, in bytes.
        streamed: whether depth is decoded whenever it is needed, and not kept.

    Raises:
        ValueError: a file is damaged or impossible; the message names it.
    """
    require_whole_depth(dataset, dataset.splits[split])
    metres = _Streamed(dataset, dataset.splits[split], kept)
    focals = _focals(dataset, split, kept)
    focal = float(np.nanmedian(focals)) * math.sqrt(math.prod(train_size) / math.prod(kept.size))
    if streamed:
        return TrainingDepth(focal, focals, metres)
    shape = (len(kept.extents), *kept.size)
    entry = folder / _entry_name(dataset, split, kept)
    found = obtain(
        entry,
        kept.depth_bytes,
        limit,
        lambda path: _load(path, shape),
        lambda path: _build(dataset, split, kept, path),
    )
    return TrainingDepth(focal, focals, _Cached(found))


def _focals(dataset: RoadDataset, split: str, kept: Kept) -> NDArray[np.float64]:
    """(N,) focal lengths of the frames in pixels of their pictures."""
    frames = zip(dataset.splits[split], dataset.sizes(split), kept.extents, strict=True)
    return np.array([_focal(dataset, frame, own, extent) for frame, own, extent in frames])


def _focal(dataset: RoadDataset, frame: Frame, own: Extent, extent: Extent) -> float:
    source = dataset.depth
    if source is None or frame.name not in source.maps:
        return math.nan
    return source.camera(frame.name).resized(own, extent).focal


def _entry_name(dataset: RoadDataset, split: str, kept: Kept) -> str:
    assert dataset.depth is not None, "asked for by those who have found it"
    content = [VERSION, MAPS, dataset.depth.form, kept.size, kept.extents]
    digests = depth_digests(dataset, dataset.splits[split])
    return hashlib.blake2b(json.dumps([content, digests]).encode(), digest_size=16).hexdigest()


def _load(entry: Path, shape: tuple[int, int, int]) -> Maps | None:
    """The maps of an entry, which must have this shape; None if there is no entry, or if it is not complete."""
    arrays = open_arrays(entry, (MAPS, COUNTS))
    return arrays[0] if arrays and arrays[0].shape == shape else None


def _build(dataset: RoadDataset, split: str, kept: Kept, folder: Path) -> None:
    """Decodes the depth of a split into a folder."""
    frames, known = dataset.splits[split], []

    def read(pair: tuple[Frame, Extent]) -> Maps:
        return decode_depth(dataset, *pair, kept.size)

    with (folder / MAPS).open("wb") as file:
        write_header(file, (len(frames), *kept.size), "<f2")
        decoded = map_ordered(read, zip(frames, kept.extents, strict=True))
        for depth in tqdm(decoded, f"decoding depth of {split}", len(frames), unit="frame", leave=False):
            file.write(depth.data)
            known.append(np.isfinite(depth).sum())
        file.flush()
        os.fsync(file.fileno())
    np.save(folder / COUNTS, np.array(known))  # (N,), pixels that are known
    describe_split(folder, dataset, split, kept, "depth")
