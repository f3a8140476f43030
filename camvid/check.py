"""Every fault of a data set on disk, one line each, and how its layout, splits and classes were read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from camvid.depth import DepthSource
from camvid.depth.faults import depth_faults, matched_depth
from camvid.labels import IndexLabels
from camvid.layouts import AUTO, Frame, RoadDataset, find_taxonomy, recognise, scan_layout
from camvid.layouts.dark import about_bits
from camvid.layouts.dataset import drives_of
from camvid.layouts.label_content import FEW, SMOOTHED
from camvid.layouts.layout import Layout
from camvid.layouts.mismatches import size_mismatch
from camvid.remarks import NO_TRAINING, about_absent, about_val
from camvid.split_faults import checked_splits
from camvid.stats import count_pixels
from camvid.taxonomy import IGNORE_INDEX, Taxonomy
from files.amounts import counted
from files.ordered import map_ordered
from files.pictures import check_image

LISTED = 5  # of more than FEW colours outside the taxonomy, as smoothing makes them, so many get a line each


class Report(NamedTuple):
    """What a check found.

    Attributes:
        frames: number of complete pairs, and of frames that have depth and no label.
        faults: one line for each, which starts with the file.
        taken: how the data was understood: layout and splits, and what the labels stand for.
        taxonomy: the classes by which it was read.
    """

    frames: int
    faults: list[str]
    taken: list[str]
    taxonomy: Taxonomy


class Read(NamedTuple):
    """One frame: its faults, the pixel counts of values outside the taxonomy, and the class indices, void included."""

    faults: list[str]
    outside: dict[str, int]
    classes: frozenset[int]


def check(
    root: str | Path,
    taxonomy: Taxonomy | str | Path = AUTO,
    layout: str | Layout | None = None,
    split: str = "official",
    seed: int = 0,
) -> Report:
    """Read every file of a data set, and report what is wrong.

    Faults: a frame or label without its partner, duplicate names, an unreadable or truncated file, a label of another
    size than its frame, colours or indices outside the taxonomy, a split that does not fit or is empty. Of depth: a map
    without a frame or of another size, impossible or no values, a camera that is missing or impossible.
    A missing test split is no fault. An empty folder for it is one.

    Raises:
        ValueError: no layout fits, the folder holds no pair, or the taxonomy does not fit the labels at all.
        FileNotFoundError: the root is missing.
    """
    layout = recognise(root, layout)
    scan = scan_layout(root, layout, depth=True)
    taxonomy = find_taxonomy(root, taxonomy, layout)
    dataset = RoadDataset(scan.root, scan.layout, taxonomy, {}, layout.decoder(scan, taxonomy))
    splits, faults = checked_splits(scan, split, seed)
    depth, misfits = matched_depth(scan)
    reading = map_ordered(partial(_read, dataset, depth), scan.frames)
    found = list(tqdm(reading, "checking", len(scan.frames), unit="frame", disable=None))
    faults = [*scan.faults, *faults, *misfits, *_outside(zip(scan.frames, found, strict=True), taxonomy.name)]
    faults += [fault for one in found for fault in one.faults]
    seen = frozenset[int]().union(*(one.classes for one in found))
    sizes = ", ".join(f"{key} {len(frames)}" for key, frames in splits.items())
    if splits and (left := len(scan.frames) - sum(map(len, splits.values()))):
        sizes += f", left out {left}"
    taken = [f"layout {scan.layout}" + (f", split {split}: {sizes}" if splits else "")]
    kind = "values" if isinstance(dataset.labels, IndexLabels) else "colours"
    taken += [_classes(dataset, seen), f"labels hold {kind}, as in {scan.shown(scan.masks[0])}"] if scan.masks else []
    if depth:
        taken.append(f"depth of {counted(sum(f.name in depth.maps for f in scan.frames), 'frame')}, as in {depth.form}")
    taken += [*scan.notes, *scan.left_out]
    read = dict(zip((frame.name for frame in scan.frames), found, strict=True))
    taken += [_all_void(key) for key, frames in splits.items() if _is_void([read[frame.name] for frame in frames])]
    if splits and not splits["train"]:
        taken.append(NO_TRAINING)
    classes = {key: frozenset[int]().union(*(read[frame.name].classes for frame in splits[key])) for key in splits}
    dark = about_bits([frame.image for frame in scan.frames])
    taken += filter(None, (dark, about_absent(taxonomy, classes), about_val(drives_of(splits))))
    return Report(len(scan.frames), faults, taken, taxonomy)


def _is_void(labels: Sequence[Read]) -> bool:
    """Whether these labels are whole, hold no value outside the taxonomy, and show no class."""
    return any(one.classes for one in labels) and not any(one.classes - {IGNORE_INDEX} or one.outside for one in labels)


def _all_void(split: str) -> str:
    secret = "; some benchmarks keep their test labels secret in this way" if split == "test" else ""
    return f"split {split}: all pixels of its labels are void{secret}"


def _read(dataset: RoadDataset, depth: DepthSource | None, frame: Frame) -> Read:
    faults: list[str] = []
    outside: dict[str, int] = {}
    classes: frozenset[int] = frozenset()
    image_size = mask_size = None
    try:
        image_size = check_image(frame.image)
    except (ValueError, OSError) as error:
        faults.append(str(error))
    try:
        if frame.mask:
            mask, outside = dataset.decode(frame)
            mask_size = mask.shape
            classes = frozenset(np.flatnonzero(count_pixels(mask)).tolist())
    except (ValueError, OSError) as error:
        faults.append(str(error))
    if image_size and mask_size and image_size != mask_size:
        faults.append(size_mismatch(frame, image_size, mask_size))
    if depth and frame.name in depth.maps:
        faults += depth_faults(depth, frame, image_size)
    return Read(faults, outside, classes)


def _outside(found: Iterable[tuple[Frame, Read]], taxonomy: str) -> Iterator[str]:
    """One line for each colour or value, the most frequent first, with a file that holds it and the number of files."""
    places: defaultdict[str, list[tuple[Path, int]]] = defaultdict(list)
    for frame, read in found:
        for value, count in read.outside.items():
            places[value].append((frame.label, count))
    ranked = sorted(places.items(), key=lambda item: -sum(count for _, count in item[1]))
    listed = len(ranked) if len(ranked) <= FEW else LISTED
    for value, files in ranked[:listed]:
        yield _line(value, files, taxonomy)
    if rest := ranked[listed:]:
        more = _line(f"{len(rest)} more values", [place for _, files in rest for place in files], taxonomy)
        yield f"{more}; {SMOOTHED}"


def _line(what: str, places: Sequence[tuple[Path, int]], taxonomy: str) -> str:
    files = {path: None for path, _ in places}
    where = f" in {len(files)} files, of which this is the first" if len(files) > 1 else ""
    pixels = counted(sum(count for _, count in places), "pixel")
    return f"{next(iter(files))}: {what} not in the class list {taxonomy}: {pixels}{where}"


def _classes(dataset: RoadDataset, seen: frozenset[int]) -> str:
    """The classes, with the label values that stand for them if there are any, and the classes that no label shows."""
    taxonomy, labels = dataset.taxonomy, dataset.labels
    values: defaultdict[int, list[int]] = defaultdict(list)
    if isinstance(labels, IndexLabels):
        for value, index in sorted(labels.known.items()):
            values[index].append(value)
    names = [*enumerate(taxonomy.names), *([(IGNORE_INDEX, "void")] if IGNORE_INDEX in values else [])]
    listed = ", ".join(" ".join([name, *map(str, values[index])]) for index, name in names)
    absent = [name for index, name in enumerate(taxonomy.names) if index not in seen]
    what = "classes with their values" if isinstance(labels, IndexLabels) else "classes"
    return f"{what} ({taxonomy.name}): {listed}" + (f"; these are in no label: {', '.join(absent)}" if absent else "")
