"""Decoded frames of a split, kept at one size in memory-mapped files that all processes of a machine share.

Decoding a picture costs more than cropping and flipping it, so it is done once. The name of an entry is a digest
of what it was made from: bytes of the files, size, taxonomy, label table.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from camvid.cache_folder import ABOUT, COUNTS, obtain
from camvid.depth.training import TrainingDepth, WithDepth
from camvid.kept import Extent, Kept, decode
from camvid.labels import Mask
from camvid.layouts import Frame, RoadDataset
from camvid.layouts.digests import frame_digests
from camvid.stats import count_pixels
from files.ordered import map_ordered

VERSION = 3  # raised when the same files give other arrays, so that older entries are not used
ARRAYS = ("images.npy", "masks.npy", COUNTS)  # files of an entry


@dataclass(frozen=True)
class FrameCache(WithDepth):
    """Frames of one split, in pictures of one size. A frame of another shape lies at the top left of its picture.

    Attributes:
        images: (N, H, W, 3) uint8 RGB, memory-mapped.
        masks: (N, H, W) uint8 class indices, void 255, memory-mapped.
        counts: (N, C) int64, pixels of each class in each mask; class weights follow from them.
        extents: height and width of each frame in its picture; the rest is void. None if all fill their pictures.
        depth: of the frames; None if the training does not learn it.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    counts: NDArray[np.int64]
    extents: Sequence[Extent] | None = None
    depth: TrainingDepth | None = None
    cost: ClassVar[str] = ""  # see `camvid.frames.TrainingFrames`

    @property
    def size(self) -> Extent:
        """Height and width of a picture."""
        height, width = self.masks.shape[1:]
        return height, width

    def extent(self, index: int) -> Extent:
        """Height and width of a frame in its picture."""
        return self.size if self.extents is None else self.extents[index]

    def read(self, index: int) -> tuple[NDArray[np.uint8], Mask]:
        """Image (H, W, 3) and mask (H, W) of a frame, copied."""
        return np.array(self.images[index]), np.array(self.masks[index])

    def read_mask(self, index: int) -> Mask:
        """The mask (H, W) of a frame, not copied."""
        mask: Mask = self.masks[index]
        return mask

    def __len__(self) -> int:
        return len(self.images)


def cached(dataset: RoadDataset, split: str, kept: Kept, folder: Path, limit: int) -> FrameCache:
    """Decoded frames of a split, from the cache or, the first time, from the files.

    Args:
        dataset: the opened data set.
        split: train, val or test.
        kept: how its frames are kept; they need no more than `limit`.
        folder: folder of the cache.
        limit: largest size of all entries together, in bytes.

    Raises:
        ValueError: a file is corrupt or holds a value that the taxonomy lacks; the message names the file.
    """
    shape = (len(kept.extents), *kept.size)
    entry = folder / entry_name(dataset, split, kept)
    found = obtain(
        entry,
        kept.picture_bytes,
        limit,
        lambda path: _load(path, shape),
        lambda path: _build(dataset, split, kept, path),
    )
    return replace(found, extents=kept.extents) if kept.mixed else found


def entry_name(dataset: RoadDataset, split: str, kept: Kept, what: str = "") -> str:
    """The name of an entry: a digest of what it is made from."""
    shapes = kept.extents if kept.guests else kept.mixed
    content = [VERSION, *kept.size, shapes, dataset.taxonomy.digest, repr(dataset.labels), what]
    digests = frame_digests(dataset, dataset.splits[split])
    return hashlib.blake2b(json.dumps([content, digests]).encode(), digest_size=16).hexdigest()


def _load(entry: Path, shape: tuple[int, int, int]) -> FrameCache | None:
    """The entry, whose masks have this shape (N, H, W). None if there is no entry, or if it is not complete.

    It counts as in use while a reference to its images exists.
    """
    arrays = open_arrays(entry, ARRAYS)
    if arrays is None:
        return None
    images, masks, counts = arrays
    cache = FrameCache(images, masks, counts)
    whole = cache.images.shape == (*shape, 3) and cache.masks.shape == shape and len(cache.counts) == shape[0]
    return cache if whole else None


def open_arrays(entry: Path, names: Sequence[str]) -> list[NDArray[Any]] | None:
    """Memory maps of files of an entry; None if one is missing or cut short.

    The entry counts as in use while a reference to the first one exists.
    """
    try:
        held = os.open(entry / COUNTS, os.O_RDONLY)
    except OSError:
        return None
    try:
        with contextlib.suppress(OSError):  # the file system has no locks
            fcntl.flock(held, fcntl.LOCK_SH)
        arrays: list[NDArray[Any]] = [np.load(entry / name, mmap_mode="r") for name in names]
        os.utime(entry)
    except (OSError, ValueError, EOFError):  # deleted at this moment, or cut short
        os.close(held)
        return None
    weakref.finalize(arrays[0], os.close, held)
    return arrays


def _build(dataset: RoadDataset, split: str, kept: Kept, folder: Path) -> None:
    """Decodes a split into a folder."""
    frames, size, classes = dataset.splits[split], kept.size, dataset.taxonomy.num_classes
    counts = []

    def read(pair: tuple[Frame, Extent]) -> tuple[NDArray[np.uint8], Mask, NDArray[np.int64]]:
        image, mask = decode(dataset, *pair, size)
        return image, mask, count_pixels(mask)[:classes]

    with (folder / ARRAYS[0]).open("wb") as images, (folder / ARRAYS[1]).open("wb") as masks:
        write_header(images, (len(frames), *size, 3))
        write_header(masks, (len(frames), *size))
        decoded = map_ordered(read, zip(frames, kept.extents, strict=True))
        for image, mask, count in tqdm(decoded, f"decoding {split}", len(frames), unit="frame", leave=False):
            images.write(image.data)
            masks.write(mask.data)
            counts.append(count)
        for file in (images, masks):
            file.flush()
            os.fsync(file.fileno())
    np.save(folder / COUNTS, np.stack(counts))  # (N, C)
    describe_split(folder, dataset, split, kept)


def describe_split(folder: Path, dataset: RoadDataset, split: str, kept: Kept, what: str = "") -> None:
    """Write into an entry which split it holds, and `what` of it; by default the classes of the masks."""
    about = {"data": str(dataset.root.resolve()), "split": split, "frames": len(kept.extents)}
    about |= {"height": kept.size[0], "width": kept.size[1], "taxonomy": what or dataset.taxonomy.name}
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def write_header(file: BinaryIO, shape: tuple[int, ...], dtype: str = "|u1") -> None:
    """Begin a .npy file, whose values follow."""
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
