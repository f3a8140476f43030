"""KITTI's semantic segmentation: `training/image_2/*_10.png`, `training/semantic/*_10.png` with Cityscapes' ids.

No drive is named, so every frame stands for itself; and no frame is held out, so that some of them are. The frames of
`testing/` have no labels.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from camvid.labels import Labels, index_labels
from camvid.layouts.cityscapes import IDS
from camvid.layouts.layout import Layout, built_in
from camvid.layouts.scan import Scan
from camvid.layouts.trees import Tree, scan_trees
from camvid.taxonomy import Taxonomy
from camvid.words import in_words_of

SPLITS = {"train": "training", "test": "testing"}
ENDING = "_10"  # the one of a pair of moments that has labels


def scan_kitti(root: Path, layout: str) -> Scan:
    """The labelled frames, for whose division nothing is published."""
    trees = [Tree(split, root / folder / "image_2", root / folder / "semantic") for split, folder in SPLITS.items()]
    scan = scan_trees(root, layout, trees, (ENDING, ENDING), lambda name: name)
    return replace(scan, folders=None, divided=True)


def kitti_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Values as Cityscapes has them."""
    return index_labels(in_words_of(taxonomy, IDS), IDS, f"{scan.root}: Cityscapes' list of label ids")


KITTI = Layout(
    "kitti",
    ("training/image_2/", "training/semantic/"),
    scan_kitti,
    kitti_labels,
    ("training/image_2/x_10.png", "training/semantic/x_10.png"),
    built_in("cityscapes19"),
)
