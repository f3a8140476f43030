"""Kaggle's form of CamVid: `<split>/`, `<split>_labels/*_L.png` with colours, `class_dict.csv` with their names."""

from __future__ import annotations

from pathlib import Path

from camvid.labels import Labels, color_labels
from camvid.layouts.class_lists import read_class_dict
from camvid.layouts.layout import Layout
from camvid.layouts.scan import Scan, scan_folders
from camvid.taxonomy import Taxonomy


def scan_kaggle(root: Path, layout: str) -> Scan:
    """`<split>/<name>.*` and `<split>_labels/<name>_L.png`."""
    return scan_folders(root, layout, "_labels", "_L")


def kaggle_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Colours of class_dict.csv."""
    path = scan.root / "class_dict.csv"
    if not path.is_file():  # not among the marks: without it the folders would pass for the original layout
        raise FileNotFoundError(f"{path}: missing; layout kaggle lists its colours there, in columns name,r,g,b")
    return color_labels(taxonomy, read_class_dict(path), str(path))


KAGGLE = Layout(
    "kaggle",
    ("train/", "train_labels/"),
    scan_kaggle,
    kaggle_labels,
    ("{split}/x.png", "{split}_labels/x_L.png"),
)
