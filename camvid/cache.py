"""Decoded frames of a split, kept at one size in memory-mapped files that all processes of a machine share.

Decoding a picture costs more than cropping and flipping it, so it is done once. An entry is a folder named by what went
into it (bytes of the files, size, taxonomy, label table). Of several processes that want it at the same time one builds
it, under a lock that the system releases when its holder dies, and the others wait. It appears whole by one rename and
goes by one, when the folder outgrows its bound and it was used least recently; one that is damaged is built again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import shutil
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from platformdirs import user_cache_path
from tqdm import tqdm

from camvid.layouts import Frame, RoadDataset
from camvid.layouts.dataset import frame_digests
from camvid.taxonomy import IGNORE_INDEX
from camvid.transforms import WHOLE, fitted_size, pad_image, pad_mask, resize_image, resize_mask

VERSION = 2  # raised when the same files give other arrays, so that older entries are not used

ARRAYS = ("images", "masks", "counts")  # files of an entry

UNFINISHED = ".unfinished-"  # begins the name of what is being built or removed
ABOUT = "about.json"  # in an entry: what it was made of, for people
HELD = "counts.npy"  # in an entry: the file that its users hold a shared lock on


@dataclass(frozen=True)
class FrameCache:
    """Frames of one split at one size; where they differ in shape, each lies at the top left of its picture.

    Attributes:
        images: (N, H, W, 3) uint8 RGB, memory-mapped.
        masks: (N, H, W) uint8 class indices, void 255, memory-mapped.
        counts: (N, C) int64, pixels of each class in each mask; class weights follow from them.
        extents: height and width of each frame in its picture, what remains is void; None where all fill theirs.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    counts: NDArray[np.int64]
    extents: Sequence[tuple[int, int]] | None = None

    def extent(self, index: int) -> tuple[int, int]:
        """Height and width of a frame in its picture."""
        height, width = self.masks.shape[1:] if self.extents is None else self.extents[index]
        return height, width

    def __len__(self) -> int:
        return len(self.images)


def default_folder() -> Path:
    """The user's cache folder for decoded frames."""
    return user_cache_path("camvid-harness") / "frames"


def cached_frames(
    dataset: RoadDataset,
    split: str,
    train_size: tuple[int, int],
    folder: Path | None = None,
    limit: int = 8 * 2**30,
    augment: str = "crop",
    crop_min: float = 0.25,
) -> FrameCache:
    """Decoded frames of a split, from the cache or, the first time, from the files.

    Args:
        dataset: the opened data set.
        split: train, val or test.
        train_size: height and width of a training image in pixels. Frames are kept at their own size or, where that
            is larger, at the size whose smallest crop has this height and width, so that no crop is enlarged. Frames
            of another shape than most are fitted in, and padded with void.
        folder: where entries lie; the user's cache folder by default.
        limit: bound of all entries together, in bytes.
        augment: a key of `camvid.transforms.POLICIES`.
        crop_min: smallest share of a frame's area that a crop keeps, in policies that crop.

    Raises:
        ValueError: a file is corrupt or holds what the taxonomy does not (named), or the split does not fit the limit.
    """
    dataset.require(split)
    frames = dataset.splits[split]
    own = dataset.frame_size(split)
    size = kept_size(own, train_size, augment, crop_min)
    extents = [fitted_size(frame, own, size) for frame in dataset.sizes(split)]
    need = needed_bytes(len(frames), size, limit)
    folder = folder or default_folder()
    folder.mkdir(parents=True, exist_ok=True)
    mixed = any(extent != size for extent in extents)
    entry = folder / _key(dataset, frames, f"{size} fitted" if mixed else f"{size}")
    shape = (len(frames), *size)
    found = _load(entry, shape)
    if found is None:
        with FileLock(folder / ".lock"):
            found = _load(entry, shape)  # built by another process meanwhile
            if found is None:
                _make_room(folder, entry, limit - need)
                _build(dataset, split, size, extents, entry)
                found = _load(entry, shape)
    assert found is not None
    return replace(found, extents=extents) if mixed else found


def kept_size(own: tuple[int, int], train_size: tuple[int, int], augment: str, crop_min: float) -> tuple[int, int]:
    """Height and width at which frames of this height and width are kept; see `cached_frames`."""
    zoom = 1.0 if augment in WHOLE else crop_min**-0.5
    return min(own[0], math.ceil(zoom * train_size[0])), min(own[1], math.ceil(zoom * train_size[1]))


def needed_bytes(frames: int, size: tuple[int, int], limit: int) -> int:
    """What so many training frames of this height and width take on the disk; ValueError where that is over `limit`."""
    need = frames * size[0] * size[1] * 4
    if need > limit:
        raise ValueError(
            f"cache_gb={limit / 2**30:g} is too small: {frames} frames at {size[0]}x{size[1]} take "
            f"{need / 2**30:.1f} GB; raise cache_gb or lower resize_factor"
        )
    return need


def _load(entry: Path, shape: tuple[int, int, int]) -> FrameCache | None:
    """The entry, whose masks have this shape (N, H, W); None where there is none, or one that is not whole.

    As long as somebody holds its images, it counts as in use.
    """
    try:
        held = os.open(entry / HELD, os.O_RDONLY)
    except OSError:
        return None
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(held, fcntl.LOCK_SH)
        cache = FrameCache(*(np.load(entry / f"{name}.npy", mmap_mode="r") for name in ARRAYS))
        os.utime(entry)
    except (OSError, ValueError, EOFError):  # gone at this moment, or cut short
        os.close(held)
        return None
    weakref.finalize(cache.images, os.close, held)
    whole = cache.images.shape == (*shape, 3) and cache.masks.shape == shape and len(cache.counts) == shape[0]
    return cache if whole else None


def _key(dataset: RoadDataset, frames: Sequence[Frame], size: str) -> str:
    digest = hashlib.blake2b(f"{VERSION} {size} {dataset.taxonomy.digest} {dataset.labels!r}".encode(), digest_size=16)
    digest.update(json.dumps(frame_digests(dataset, frames)).encode())
    return digest.hexdigest()


def _build(
    dataset: RoadDataset, split: str, size: tuple[int, int], extents: Sequence[tuple[int, int]], entry: Path
) -> None:
    """Decodes a split into a folder beside the entry and renames it; the caller holds the lock."""
    frames = dataset.splits[split]
    building = entry.with_name(f"{UNFINISHED}{entry.name}")
    building.mkdir()
    counts = []
    try:
        with (building / "images.npy").open("wb") as images, (building / "masks.npy").open("wb") as masks:
            _write_header(images, (len(frames), *size, 3))
            _write_header(masks, (len(frames), *size))
            with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
                pairs = pool.map(lambda frame, extent: _decode(dataset, frame, extent, size), frames, extents)
                for image, mask in tqdm(pairs, f"decoding {split}", len(frames), unit="frame", leave=False):
                    images.write(image.tobytes())
                    masks.write(mask.tobytes())
                    counts.append(np.bincount(mask.ravel(), minlength=IGNORE_INDEX + 1)[: dataset.taxonomy.num_classes])
            for file in (images, masks):
                file.flush()
                os.fsync(file.fileno())
        np.save(building / "counts.npy", np.stack(counts))  # (N, C)
        about = {
            "data": str(dataset.root.resolve()),
            "split": split,
            "frames": len(frames),
            "taxonomy": dataset.taxonomy.name,
        }
        (building / ABOUT).write_text(json.dumps(about | {"height": size[0], "width": size[1]}), encoding="utf-8")
        building.rename(entry)
    except OSError as error:
        if error.filename:  # a frame that cannot be read
            raise
        raise OSError(
            f"{entry.parent}: the decoded frames cannot be written ({error.strerror}); make room on that disk, or let "
            "XDG_CACHE_HOME name another"
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _decode(
    dataset: RoadDataset, frame: Frame, extent: tuple[int, int], size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    image, mask = dataset.read(frame)
    return pad_image(resize_image(image, extent), size), pad_mask(resize_mask(mask, extent), size)


def _make_room(folder: Path, entry: Path, limit: int) -> None:
    """Removes what dead processes left, the entry where it is damaged, and the least recently used ones until the rest
    fits; open memory maps of other processes stay valid. The caller holds the lock."""
    for leftover in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    entries = sorted((p for p in folder.iterdir() if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for path in entries}
    total = sum(sizes.values())
    for path in entries:
        if total > limit or path == entry:
            going = path.rename(path.with_name(f"{UNFINISHED}{path.name}"))  # at once, or a reader would find half
            shutil.rmtree(going, ignore_errors=True)
            total -= sizes[path]
