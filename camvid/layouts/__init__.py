"""Opening a data set as it lies on disk.

`open_dataset(root)` recognises the layout, pairs frames with labels and splits them; the `RoadDataset` it returns reads
images and masks. `camvid.layouts.recognise` lists the layouts, each of which is a file here.

A data set may bring classes of its own, in a `taxonomy.yaml` at its root.

The other files, by what they are about:

- frames: `scan` pairs them in flat folders, `trees` in nested ones, which `split_folders` finds; `dataset` reads them,
  `facts` knows what was read;
- splits: `splits` chooses, `split_lists` reads lists of names, `drives` cuts films into stretches;
- classes: `class_lists` and `codes` read what lists them, `agreed_list` finds the one for all splits, `own_classes`
  makes a taxonomy of it;
- frames of 16 bits: `dark` says when they use only the lower ones;
- labels: `label_content` looks at what pictures hold, `label_kinds` whether all hold the same, `label_meaning`
  concludes what it stands for;
- frames of which only the depth is known: `unlabelled`;
- messages: `hints` for what is no data set yet, `nearby` for one that lies elsewhere, `lacking` for an empty split,
  `notices` for what is guessed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from camvid.labels import IndexLabels
from camvid.layouts.dataset import Frame, RoadDataset
from camvid.layouts.digests import content_digest
from camvid.layouts.lacking import DEPTH_FORMS
from camvid.layouts.layout import Layout
from camvid.layouts.notices import GuessWarning, notice
from camvid.layouts.recognise import LAYOUTS, recognise, scan_layout
from camvid.layouts.scan import SPLITS, Scan
from camvid.layouts.splits import split_frames
from camvid.taxonomy import OWN_FILE, Taxonomy, load_taxonomy
from files.amounts import counted

if TYPE_CHECKING:
    from camvid.depth import DepthSource

__all__ = [
    "AUTO",
    "LAYOUTS",
    "OWN",
    "SPLITS",
    "Frame",
    "RoadDataset",
    "Scan",
    "content_digest",
    "find_taxonomy",
    "open_dataset",
    "open_depth",
    "recognise",
    "scan_layout",
]

# In place of a taxonomy's name: that of the data set, which it brings or (with AUTO) else its layout has.
OWN, AUTO = "own", "auto"


def open_dataset(
    root: str | Path,
    taxonomy: Taxonomy | str | Path = AUTO,
    layout: str | Layout | None = None,
    split: str = "official",
    seed: int = 0,
    depth: bool = False,
) -> RoadDataset:
    """Open a data set.

    Args:
        root: the folder that holds it.
        taxonomy: the classes, as for `find_taxonomy`.
        layout: a layout or its name; None recognises it.
        split: official, drives, sequence or random (see `camvid.layouts.splits`).
        seed: of the random split, and of ties between sequences of equal length.
        depth: whether frames that have depth and no label are among its frames.

    Raises:
        ValueError: no layout fits, or one that holds no pair, frames or labels without a partner, duplicate names, a
            split that does not fit the frames, labels of another taxonomy; the message names file, value and fix.
        FileNotFoundError: the root, or a taxonomy's file, is missing.
    """
    taxonomy = taxonomy if taxonomy == AUTO else find_taxonomy(root, taxonomy)
    found = recognise(root, layout)
    scan = scan_layout(root, found, depth)
    taxonomy = find_taxonomy(root, taxonomy, found)
    labels = found.decoder(scan, taxonomy)
    dataset = RoadDataset(scan.root, scan.layout, taxonomy, {}, labels)
    if scan.faults:
        more = f" and {counted(len(scan.faults) - 1, 'more fault')}" if len(scan.faults) > 1 else ""
        raise ValueError(f"{scan.faults[0]}{more}; {dataset.advice}")
    for note in scan.notes:
        notice(f"{scan.root}: {note}", GuessWarning, level=2)
    splits = split_frames(scan, split, seed)
    return RoadDataset(scan.root, scan.layout, taxonomy, splits, labels, scan.unlabelled, *_depth(scan))


def open_depth(root: str | Path, taxonomy: Taxonomy) -> RoadDataset:
    """Open a data set of which only the depth is used, beside another one that has masks.

    Args:
        root: the folder that holds it, in any layout.
        taxonomy: the classes of the other one.

    Returns:
        Its frames that have depth, without their masks, divided as the data set says.

    Raises:
        ValueError: no layout fits, or no frame has depth that can be used.
        FileNotFoundError: the root is missing.
    """
    scan = scan_layout(root, depth=True)
    source, fault = _depth(scan)
    if not source:
        raise ValueError(fault or f"{root}: no frame has depth; {DEPTH_FORMS}")
    splits = {
        key: tuple(replace(frame, mask=None) for frame in frames if frame.name in source.maps)
        for key, frames in split_frames(scan).items()
    }
    images = {frame.image for frames in splits.values() for frame in frames}
    files = (path for frame in scan.frames for path in (frame.image, frame.mask) if path)
    unread = tuple(path for path in files if path not in images)
    return RoadDataset(scan.root, scan.layout, taxonomy, splits, IndexLabels(()), depth=source, unread=unread)


def _depth(scan: Scan) -> tuple[DepthSource | None, str]:
    """The depth of a data set, or why the one that lies there cannot be used. Masks can be used all the same."""
    from camvid.depth import find_depth  # which imports the scans of this package

    try:
        return find_depth(scan), ""
    except ValueError as error:
        return None, str(error)


def find_taxonomy(
    root: str | Path, taxonomy: Taxonomy | str | Path = AUTO, layout: str | Layout | None = None
) -> Taxonomy:
    """The classes by which a data set is read.

    Args:
        root: the folder that holds the data set.
        taxonomy: a taxonomy, the name of a built-in one, the path of a YAML file, `own` (the data set's own
            `taxonomy.yaml`), or `auto` (the data set's own, else that of its layout).
        layout: a layout or its name; None recognises it.

    Raises:
        ValueError: one that contradicts itself, or no layout fits.
        FileNotFoundError: the root, or a taxonomy's file, is missing.
    """
    if isinstance(taxonomy, Taxonomy):
        return taxonomy
    if taxonomy not in (OWN, AUTO):
        return load_taxonomy(taxonomy)
    path = Path(root) / OWN_FILE
    if path.is_file():
        return load_taxonomy(path)
    if taxonomy == AUTO:
        return recognise(root, layout).classes(Path(root))
    raise FileNotFoundError(f"{path}: missing; taxonomy {OWN} is what a data set brings, give another for this one")
