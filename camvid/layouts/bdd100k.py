"""BDD100K's semantic segmentation: `images/10k/<split>/*.jpg`, `labels/sem_seg/masks/<split>/*.png` with train ids.

The earlier release has `seg/images/<split>/*.jpg` and `seg/labels/<split>/*_train_id.png`. Each frame is of a film of
its own.
"""

from __future__ import annotations

from pathlib import Path

from camvid.labels import Labels, index_labels
from camvid.layouts.layout import Layout, any_form, built_in
from camvid.layouts.scan import SPLITS, Scan
from camvid.layouts.trees import Tree, scan_trees
from camvid.taxonomy import Taxonomy, load_taxonomy
from camvid.words import in_words_of

# Folders of frames and of labels, and the ending of a label's name.
FORMS = (("images/10k", "labels/sem_seg/masks", ""), ("seg/images", "seg/labels", "_train_id"))


def scan_bdd100k(root: Path, layout: str) -> Scan:
    """Frames of the first form that is there."""
    images, masks, ending = next(form for form in FORMS if (root / form[1]).is_dir())
    trees = [Tree(split, root / images / split, root / masks / split) for split in SPLITS]
    return scan_trees(root, layout, trees, ("", ending), lambda name: name)


def bdd100k_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Values in the order of the 19 classes."""
    names = load_taxonomy("bdd19").names
    return index_labels(in_words_of(taxonomy, names), names, f"{scan.root}: BDD100K's list of 19")


BDD100K = Layout(
    "bdd100k",
    any_form(FORMS),
    scan_bdd100k,
    bdd100k_labels,
    ("images/10k/{split}/x.jpg", "labels/sem_seg/masks/{split}/x.png"),
    built_in("bdd19"),
    (("seg/images/{split}/x.jpg", "seg/labels/{split}/x_train_id.png"),),
)
