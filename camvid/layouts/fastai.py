"""fastai's form of CamVid: `images/`, `labels/*_P.png` with values, `codes.txt` with their names."""

from __future__ import annotations

from pathlib import Path

from camvid.labels import Labels, index_labels
from camvid.layouts.codes import CODES, read_codes
from camvid.layouts.layout import Layout
from camvid.layouts.scan import Scan, is_label, pair, pictures
from camvid.taxonomy import Taxonomy


def scan_fastai(root: Path, layout: str) -> Scan:
    """`images/<name>.*` and `labels/<name>_P.png`."""
    masks = [path for path in pictures(root / "labels") if is_label(path, "_P")]
    frames, faults, bare = pair(pictures(root / "images"), masks, "_P")
    return Scan(root, layout, tuple(frames), None, tuple(faults), bare=tuple(bare))


def fastai_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Values in the order of codes.txt."""
    path = scan.root / CODES
    return index_labels(taxonomy, read_codes(path), str(path))


FASTAI = Layout(
    "fastai",
    ("images/", "labels/*_P.png", "codes.txt"),
    scan_fastai,
    fastai_labels,
    ("images/x.png", "labels/x_P.png"),
)
