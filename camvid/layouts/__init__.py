"""Opening CamVid in any of its four layouts on disk.

`open_dataset(root)` recognises the layout, pairs frames with labels and splits them; the `RoadDataset` it returns reads
images and masks. Layouts:

- `original`: `*_L.png` RGB labels beside raw frames;
- `fastai`: `images/ labels/*_P.png codes.txt`;
- `segnet`: `train/ trainannot/ val/ valannot/ test/ testannot/`;
- `kaggle`: `train/ train_labels/ val/ val_labels/ test/ test_labels/ class_dict.csv`.

A data set may bring classes of its own, in a `taxonomy.yaml` at its root.
"""

from __future__ import annotations

from pathlib import Path

from camvid.layouts.dataset import Frame, RoadDataset, content_digest
from camvid.layouts.recognise import LAYOUTS, scan_layout
from camvid.layouts.scan import SPLITS, Scan
from camvid.layouts.splits import split_frames
from camvid.taxonomy import Taxonomy, load_taxonomy

__all__ = [
    "LAYOUTS",
    "SPLITS",
    "Frame",
    "RoadDataset",
    "Scan",
    "content_digest",
    "find_taxonomy",
    "open_dataset",
    "scan_layout",
]

OWN = "own"  # in place of a taxonomy's name: the one that the data set brings


def open_dataset(
    root: str | Path,
    taxonomy: Taxonomy | str | Path = "camvid11",
    layout: str | None = None,
    split: str = "official",
    seed: int = 0,
) -> RoadDataset:
    """Open a data set.

    Args:
        root: the folder that holds it.
        taxonomy: the classes; a taxonomy, the name of a built-in one, the path of a YAML file, or own.
        layout: original, fastai, segnet or kaggle; None recognises it.
        split: official, sequence or random (see `camvid.layouts.splits`).
        seed: of the random split, and of ties between sequences of equal length.

    Raises:
        ValueError: no layout fits, or one that holds no pair, frames or labels without a partner, duplicate names, a
            split that does not fit the frames, labels of another taxonomy; the message names file, value and fix.
        FileNotFoundError: the root, or a taxonomy's file, is missing.
    """
    taxonomy = find_taxonomy(root, taxonomy)
    scan = scan_layout(root, layout)
    labels = LAYOUTS[scan.layout].labels(scan, taxonomy)
    dataset = RoadDataset(scan.root, scan.layout, taxonomy, {}, labels)
    if scan.faults:
        more = f" and {len(scan.faults) - 1} more faults" if len(scan.faults) > 1 else ""
        raise ValueError(f"{scan.faults[0]}{more}; {dataset.advice}")
    return RoadDataset(scan.root, scan.layout, taxonomy, split_frames(scan, split, seed), labels)


def find_taxonomy(root: str | Path, taxonomy: Taxonomy | str | Path) -> Taxonomy:
    """The taxonomy itself, or by its name; "own" is the data set's, `taxonomy.yaml` at its root.

    Raises ValueError for one that contradicts itself, FileNotFoundError for a missing one.
    """
    if isinstance(taxonomy, Taxonomy):
        return taxonomy
    if taxonomy != OWN:
        return load_taxonomy(taxonomy)
    path = Path(root) / "taxonomy.yaml"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: missing; taxonomy {OWN} is what a data set brings, give another for this one")
    return load_taxonomy(path)
