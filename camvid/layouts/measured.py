"""Frames with depth and without labels: `images/`, `depth/` and `cameras.csv`, for a training of depth alone.

images/x.jpg         depth/x.png         cameras.csv has a line for x
images/train/x.jpg   depth/train/x.png   a folder for each split
"""

from __future__ import annotations

from pathlib import Path

from camvid.layouts.folders import pair_labels
from camvid.layouts.layout import Layout
from camvid.layouts.scan import CAMERAS, DEPTH, PICTURES, Scan, sequence_of
from camvid.layouts.split_folders import IMAGES, MASKS, all_named, trees_of
from camvid.layouts.trees import scan_trees


def scan_measured(root: Path, layout: str) -> Scan:
    """The frames. Those that have no depth are left out, and counted."""
    images = next(all_named(root, IMAGES), None)
    trees = list(trees_of(root, images, root / MASKS[0])) if images else []  # there are no masks
    return scan_trees(root, layout, trees, ("", ""), sequence_of, PICTURES)


MEASURED = Layout(
    "depth",
    ("|".join(f"{name}/" for name in IMAGES), f"{DEPTH}/", CAMERAS),
    scan_measured,
    pair_labels,
    ("images/x.jpg", f"{DEPTH}/x.png"),
)
