"""Every fault of a data set on disk, one line each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from camvid.layouts import LAYOUTS, SPLITS, CamVid, Frame, Scan, scan_layout
from camvid.layouts.dataset import load_picture, size_mismatch
from camvid.layouts.splits import split_frames
from camvid.taxonomy import Taxonomy

LISTED = 5  # colours outside the taxonomy that are named for one label; the others are counted


class Report(NamedTuple):
    """Number of complete pairs, and one line per fault that starts with the file."""

    frames: int
    faults: list[str]


def check(
    root: str | Path, taxonomy: Taxonomy, layout: str | None = None, split: str = "official", seed: int = 0
) -> Report:
    """Read every file of a data set and report what is wrong.

    Faults: a frame or label without its partner, duplicate names, an unreadable or truncated file, a label of another
    size than its frame, colours or indices outside the taxonomy, a split that does not fit or is empty.
    A data set in folders may do without a test split, but not with an empty folder for it.

    Raises:
        ValueError: no layout fits, or the taxonomy does not fit the labels at all.
        FileNotFoundError: the root is missing.
    """
    scan = scan_layout(root, layout)
    dataset = CamVid(scan.root, scan.layout, taxonomy, {}, LAYOUTS[scan.layout].labels(scan.root, taxonomy))
    faults = [*scan.faults, *_split_faults(scan, split, seed)]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        found = pool.map(lambda frame: list(_frame_faults(dataset, frame)), scan.frames)
        for lines in tqdm(found, "checking", len(scan.frames), unit="frame", disable=None):
            faults += lines
    return Report(len(scan.frames), faults)


def _split_faults(scan: Scan, split: str, seed: int) -> list[str]:
    try:
        splits = split_frames(scan, split, seed)
    except ValueError as error:
        return [str(error)]
    left_out = scan.folders is not None and not (scan.root / "test").exists()
    needed = [key for key in SPLITS if not (key == "test" and left_out)]
    return [f"{scan.root}: split {key} is empty" for key in needed if not splits[key]]


def _frame_faults(dataset: CamVid, frame: Frame) -> Iterator[str]:
    image_size = mask_size = None
    try:
        width, height = load_picture(frame.image).size
        image_size = (height, width)
    except (ValueError, OSError) as error:
        yield str(error)
    try:
        mask, outside = dataset.decode(frame)
        mask_size = mask.shape
        yield from _outside(frame, outside, dataset.taxonomy.name)
    except (ValueError, OSError) as error:
        yield str(error)
    if image_size and mask_size and image_size != mask_size:
        yield size_mismatch(frame, image_size, mask_size)


def _outside(frame: Frame, outside: dict[str, int], taxonomy: str) -> Iterator[str]:
    values = list(outside.items())
    for value, count in values[:LISTED]:
        yield f"{frame.mask}: {value} outside taxonomy {taxonomy}: {count} pixels"
    if rest := values[LISTED:]:
        yield f"{frame.mask}: {len(rest)} more values outside taxonomy {taxonomy}: {sum(n for _, n in rest)} pixels"
