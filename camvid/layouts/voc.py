"""PASCAL VOC: `JPEGImages/`, `SegmentationClass/*.png` with a palette, `ImageSets/Segmentation/<split>.txt`.

The lists say which frames are in a split; frames that no list names are passed over, as most of VOC's have no labels.
Values are VOC's 21, and 255 is the border of an object. Frames are photographs that have nothing to do with each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from camvid.labels import Labels, index_labels
from camvid.layouts.agreed_list import list_in
from camvid.layouts.dataset import Frame
from camvid.layouts.folders import classes_of, pair_labels
from camvid.layouts.layout import Layout
from camvid.layouts.scan import SPLITS, Scan, plain
from camvid.layouts.trees import Keyed, keyed
from camvid.taxonomy import Taxonomy, load_taxonomy
from camvid.words import in_words_of
from files.texts import read_lines

LISTS = "ImageSets/Segmentation"


def scan_voc(root: Path, layout: str) -> Scan:
    """The frames that the lists name. A split whose frames have no label at all is left out, and counted.

    A frame that is listed twice, which is a fault, is in the first of its splits.
    """
    images, masks = keyed(root / "JPEGImages", ""), keyed(root / "SegmentationClass", "", (".png",))
    lists = {split: _listed(root / LISTS / f"{split}.txt") for split in SPLITS}
    whole = {split: [name for name in names if name in images and name in masks] for split, names in lists.items()}
    first = {name: split for split, names in reversed(whole.items()) for name in names}
    folders = {split: tuple(name for name in first if first[name] == split) for split in lists}
    bare = {split: [name for name in names if name in images] for split, names in lists.items() if not whole[split]}
    unlabelled = {split: len(names) for split, names in bare.items() if names}
    named = {name: Frame(name, name, images[name][0], masks[name][0]) for names in folders.values() for name in names}
    frames = tuple(named[name] for name in sorted(named))
    faults = tuple(_faults(root, {split: names for split, names in lists.items() if whole[split]}, images, masks))
    return Scan(root, layout, frames, folders, faults, unlabelled)


def _listed(path: Path) -> list[str]:
    return [plain(name) for name in read_lines(path) if name] if path.is_file() else []


def _faults(root: Path, lists: Mapping[str, Sequence[str]], images: Keyed, masks: Keyed) -> Iterator[str]:
    """Names that stand twice, or have no frame or no label, in the lists of splits that have some of both."""
    counts = Counter(name for names in lists.values() for name in names)
    yield from (f"{root / LISTS}: {name} is listed {count} times" for name, count in counts.items() if count > 1)
    for split, names in lists.items():
        path = root / LISTS / f"{split}.txt"
        yield from (f"{path}: lists {name}, which is not in JPEGImages" for name in names if name not in images)
        absent = [name for name in names if name in images and name not in masks]
        yield from (f"{images[name][0]}: frame without a label (SegmentationClass/{name}.png)" for name in absent)


def voc_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Values in the order of VOC's classes, or as a list of other classes says, such as CVAT's labelmap.txt."""
    if list_in(scan.root):
        return pair_labels(scan, taxonomy)
    names = load_taxonomy("voc21").names
    return index_labels(in_words_of(taxonomy, names), names, f"{scan.root}: VOC's list of 21")


def voc_classes(root: Path) -> Taxonomy:
    """VOC's classes, or those of a list."""
    return classes_of(root) if list_in(root) else load_taxonomy("voc21")


VOC = Layout(
    "voc",
    ("JPEGImages/", "SegmentationClass/", f"{LISTS}/train.txt|{LISTS}/val.txt"),
    scan_voc,
    voc_labels,
    ("JPEGImages/x.jpg", "SegmentationClass/x.png"),
    voc_classes,
)
