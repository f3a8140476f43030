"""What a folder holds and how it is taken: layout, splits, sizes, labels and classes; or what it lacks."""

from __future__ import annotations

import shlex
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from camvid.depth.about import about_depth
from camvid.drafts import draft, taxonomy_yaml
from camvid.folders import require_folder
from camvid.labels import ColorLabels, Labels
from camvid.layouts import AUTO, Frame, RoadDataset, Scan, find_taxonomy, recognise, scan_layout
from camvid.layouts.agreed_list import list_in
from camvid.layouts.class_lists import read_list
from camvid.layouts.codes import passed_over
from camvid.layouts.dark import about_bits
from camvid.layouts.folders import classes_of
from camvid.layouts.hints import is_export
from camvid.layouts.label_content import FEW, SMOOTHED, look_at
from camvid.layouts.layout import Layout
from camvid.layouts.nearby import nearby
from camvid.layouts.recognise import ORDER
from camvid.layouts.splits import split_frames
from camvid.layouts.trees import about_loops
from camvid.picture_sizes import about_pictures
from camvid.remarks import NO_TRAINING
from camvid.spread import spread
from camvid.stats import count_pixels
from camvid.survey import BLENDED, LABELS, Place, content, matches, survey, told
from camvid.taxonomy import IGNORE_INDEX, OWN_FILE, VOID_NAME, Taxonomy
from files.amounts import counted

TO_TRAIN = "to train on it, let `python -m camvid convert ROOT OUT`, with the same flags, write it in plain form"
CHANGED = "labels in JPEG: when the classes are listed, `python -m camvid convert` writes them as PNG"
LISTED = 3  # sizes, faults and folders that are named
FAULTS = (ValueError, OSError)


class Description(NamedTuple):
    """What was found, one line each, and the file of its classes: those that were taken, or a draft to be named.

    `classes` is empty where there is no label.
    """

    lines: list[str]
    classes: str
    draft: bool


def describe(
    root: Path, taxonomy: str = AUTO, layout: str | Layout | None = None, split: str = "official", seed: int = 0
) -> Description:
    """Describe a data set, or any folder, by a sample of its pictures.

    Raises FileNotFoundError for a root that is no folder.
    """
    require_folder(root)
    try:
        found = recognise(root, layout)
        scan = scan_layout(root, found, depth=True)
    except ValueError as error:
        return _strange(root, error)
    lines = [f"layout {scan.layout}: {_example(scan)}", *about_pictures(scan), *scan.notes]
    lines += filter(None, [about_bits([frame.image for frame in scan.frames])])
    with warnings.catch_warnings(record=True) as guesses:
        warnings.simplefilter("always")
        lines += _splits(scan, split, seed)
        more, classes, drafted = _labels(scan, found, taxonomy)
    lines += more + about_depth(scan) + [f"guessed: {guess.message}" for guess in guesses]
    if isinstance(layout, Layout):
        lines.append(TO_TRAIN)
    if scan.faults:
        listed = scan.faults[:LISTED]
        lines += [f"fault: {fault}" for fault in listed] + [f"{len(scan.faults)} faults"] * (len(scan.faults) > LISTED)
    return Description(lines, classes, drafted)


def _example(scan: Scan) -> str:
    frame = next(iter((*scan.labelled, *scan.frames)))
    image = scan.shown(frame.image)
    return f"{image} has the label {scan.shown(frame.mask)}" if frame.mask else f"{image} has depth and no label"


def _splits(scan: Scan, split: str, seed: int) -> list[str]:
    try:
        splits = split_frames(scan, split, seed)
    except ValueError as error:
        return [*scan.left_out, f"no split: {error}"]
    sizes = ", ".join(f"{key} {len(frames)}" for key, frames in splits.items())
    return [f"split {split}: {sizes}", *scan.left_out, *([] if splits["train"] else [NO_TRAINING])]


def _labels(scan: Scan, found: Layout, taxonomy: str) -> tuple[list[str], str, bool]:
    """What a sample of the labels holds, the classes in it, their file, and whether that is a draft."""
    sample = spread(scan.labelled)
    if not sample:
        return [], "", False
    try:
        look = look_at(frame.label for frame in sample)
    except ValueError as error:
        return [f"fault: {error}"], "", False
    lines = [f"labels, of {len(sample)} looked at: {content(look)}"]
    if look.strange:
        return lines, "", False
    try:
        classes = find_taxonomy(scan.root, taxonomy, found)
        labels = found.decoder(scan, classes)
    except FAULTS as error:
        listed = list_in(scan.root) or (scan.root / OWN_FILE).is_file()
        lines += [f"classes: {error}", *([CHANGED] if look.lossy and not listed else [])]
        return lines, "" if listed else taxonomy_yaml(*draft(look)), not listed
    return [*lines, *_lists(scan.root), *_classes(scan, classes, labels, sample)], taxonomy_yaml(classes), False


def _lists(root: Path) -> list[str]:
    """What a list of classes has besides names."""
    path = list_in(root)
    return [line] if path and read_list(path)[0].by_line and (line := passed_over(path)) else []


def _classes(scan: Scan, taxonomy: Taxonomy, labels: Labels, sample: Sequence[Frame]) -> list[str]:
    """A line for each class with its share of the pixels, and one for each value outside."""
    dataset = RoadDataset(scan.root, scan.layout, taxonomy, {}, labels)
    pixels, pictures, beyond = np.zeros(256, np.int64), np.zeros(256, np.int64), Counter[str]()
    faults: list[str] = []
    for frame in sample:
        try:
            mask, outside = dataset.decode(frame)
        except ValueError as error:
            faults.append(f"fault: {error}")
            continue
        counts = count_pixels(mask)
        pixels, pictures, beyond = pixels + counts, pictures + (counts > 0), beyond + Counter(outside)
    names = [*enumerate(taxonomy.names), (IGNORE_INDEX, VOID_NAME)]
    width = max(len(name) for _, name in names) + 2
    what = "colours" if isinstance(labels, ColorLabels) else "values"
    lines = [f"classes of taxonomy {taxonomy.name}, with their {what} (* priority class):"]
    for index, name in names:
        star = name + " *" * (index in taxonomy.priority)
        share = f"{100 * pixels[index] / max(1, pixels.sum()):8.3f} %  in {pictures[index]} of {len(sample)}"
        lines.append(f"  {star:<{width}} {share}  {_stands_for(labels, index)}".rstrip())
    lines += [f"outside the classes: {value}, {counted(count, 'pixel')}" for value, count in beyond.most_common(LISTED)]
    lines += [f"and {counted(len(beyond) - LISTED, 'more ' + what[:-1])} outside"] * (len(beyond) > LISTED)
    lines += [SMOOTHED] * (len(beyond) > FEW)
    return lines + faults[:LISTED]


def _stands_for(labels: Labels, index: int) -> str:
    """The values or colours of a class."""
    if isinstance(labels, ColorLabels):
        return " ".join(str(color).replace(" ", "") for color, which in labels.colors if which == index)
    return " ".join(str(value) for value, which in sorted(labels.known.items()) if which == index)


def _strange(root: Path, error: ValueError) -> Description:
    """A folder that no layout fits: its pictures, pairs, and what to do."""
    if nearby(root, ORDER):
        return Description([getattr(error, "reason", str(error))], "", False)
    looped: list[Path] = []
    places = survey(root, looped)
    lines = [getattr(error, "reason", str(error)), *(told(root, place) for place in places), *about_loops(root, looped)]
    pairs = [] if is_export(root) else list(matches(places))
    listed = list_in(root)
    lines += [_pair(root, *pair, listed) for pair in pairs]
    if pairs and listed:
        return _listed(root, lines)
    found = [label for _, label, _ in pairs] or [place for place in places if place.kind in (LABELS, BLENDED)]
    if not found or is_export(root):
        return Description(lines, "", False)
    look = look_at(spread(found[0].pictures))
    return Description(lines, "" if look.strange else taxonomy_yaml(*draft(look)), not look.strange)


def _pair(root: Path, frames: Place, labels: Place, count: int, listed: Path | None) -> str:
    """What opens a pair of folders, with the classes of a list if there is one."""
    images, masks = (place.folder.relative_to(root).as_posix() for place in (frames, labels))
    classes = ["--classes", listed.relative_to(root).as_posix()] if listed else ["--taxonomy", "FILE"]
    flags = ["--images", images, "--masks", masks, *classes]
    command = shlex.join(["python", "-m", "camvid", "check", str(root), *flags])
    return (
        f"{count} names of {images}/ are in {masks}/: `{command}`; {'' if listed else 'FILE lists the classes; '}"
        "`convert`, with the same flags and a folder to make, writes what `train.py` reads"
    )


def _listed(root: Path, lines: list[str]) -> Description:
    """The classes of a list, as a draft; none where the list cannot be read."""
    try:
        return Description(lines, taxonomy_yaml(classes_of(root)), True)
    except ValueError as error:
        return Description([*lines, f"classes: {error}"], "", False)
