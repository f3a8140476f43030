"""CamVid as it was published: frames, and `*_L.png` labels in colours beside them or in another folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from camvid.labels import Labels, color_labels
from camvid.layouts.class_lists import read_label_colors
from camvid.layouts.layout import Layout
from camvid.layouts.scan import DEPTH, Scan, is_label, pair, pictures, plain
from camvid.layouts.split_lists import DRIVES
from camvid.taxonomy import Taxonomy
from files.pictures import load_label

GREY = ("L", "1", "I;16")  # modes that hold values and no colours


def scan_original(root: Path, layout: str) -> Scan:
    """`<name>_L.png` labels and frames `<name>.*`, in one folder or in several: the root and those directly in it."""
    folders = [root, *(path for path in sorted(root.iterdir()) if path.is_dir() and path.name != DEPTH)]
    files = {folder: pictures(folder) for folder in folders}
    masks = [path for paths in files.values() for path in paths if is_label(path, "_L")]
    names = {plain(mask.stem.removesuffix("_L")) for mask in masks}
    images = [
        path
        for paths in files.values()
        if any(plain(path.stem) in names for path in paths)  # a folder of plots or of other things holds no frame
        for path in paths
        if not is_label(path, "_L")
    ]
    frames, faults, bare = pair(images, masks, "_L")
    return Scan(root, layout, tuple(frames), None, tuple(faults), bare=tuple(bare))


def original_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Colours of label_colors.txt, or CamVid's. Raises ValueError for labels of values, which are not CamVid's."""
    frame, mask = next((frame, frame.mask) for frame in scan.frames if frame.mask)
    if frame.sequence not in DRIVES and load_label(mask).mode in GREY:
        raise ValueError(
            f"{mask}: the label holds values, and layout original has CamVid's colours; for data of your own, put "
            "the frames into images/, the labels into masks/, and the names of the classes into classes.txt"
        )
    path = scan.root / "label_colors.txt"
    if path.is_file():
        return color_labels(taxonomy, read_label_colors(path), str(path))
    return color_labels(taxonomy, None, "CamVid's list of 32")


ORIGINAL = Layout("original", ("*_L.png|*/*_L.png",), scan_original, original_labels, ("x.png", "x_L.png"))
# CamVid's own frames are known by their names, in whichever folders they lie.
PUBLISHED = replace(ORIGINAL, marks=("|".join(f"{folder}{drive}*_L.png" for folder in ("", "*/") for drive in DRIVES),))
