"""The four layouts of CamVid on disk: what each is recognised by, and how its labels are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from camvid.labels import Labels
from camvid.layouts.decoders import fastai_labels, kaggle_labels, original_labels, segnet_labels
from camvid.layouts.scan import SPLITS, Scan, pictures, scan_fastai, scan_kaggle, scan_original, scan_segnet
from camvid.taxonomy import Taxonomy

LISTED = 3  # folders that a message names; the others are counted


@dataclass(frozen=True)
class Layout:
    """A layout.

    Attributes:
        marks: glob patterns that must all match, "|" between alternatives.
        scan: finds the frames under a root.
        labels: builds the decoder for the labels of what was found.
        pair: a frame and its label, for messages; {split} stands for each split.
    """

    marks: tuple[str, ...]
    scan: Callable[[Path, str], Scan]
    labels: Callable[[Scan, Taxonomy], Labels]
    pair: tuple[str, ...]


def scan_layout(root: str | Path, layout: str | None = None) -> Scan:
    """Find the frames of a data set, in the layout given or the one recognised; faults are collected, not raised.

    Raises:
        ValueError: an unknown layout, none that fits (listing what was looked for), or one without a single pair of
            frame and label (listing what was found where).
        FileNotFoundError: a root that is no folder.
    """
    root = Path(root)
    if layout is not None and layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r}: allowed are {', '.join(LAYOUTS)}")
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder; give the folder that holds CamVid")
    candidates = LAYOUTS if layout is None else {layout: LAYOUTS[layout]}
    for name, candidate in candidates.items():
        if all(_there(root, mark) for mark in candidate.marks):
            scan = candidate.scan(root, name)
            if not scan.frames:
                raise ValueError(_no_pair(root, name, candidate))
            return scan
    raise ValueError(_looked_for(root, candidates))


def _there(root: Path, mark: str) -> bool:
    matches = (path for pattern in mark.split("|") for path in root.glob(pattern.rstrip("/")))
    return any(path.is_dir() or not mark.endswith("/") for path in matches)


def _looked_for(root: Path, candidates: dict[str, Layout]) -> str:
    looked = []
    for name, layout in candidates.items():
        marks = [f"{mark} {'found' if _there(root, mark) else 'missing'}" for mark in layout.marks]
        looked.append(f"{name} ({', '.join(marks)})")
    inner = [
        folder.name
        for folder in sorted(root.iterdir())
        if folder.is_dir() and any(all(_there(folder, mark) for mark in it.marks) for it in candidates.values())
    ]
    hint = f". Is it {root / inner[0]}?" if inner else _composites_hint(root)
    return f"{root}: no layout of CamVid recognised; looked for {'; '.join(looked)}{hint}"


def _no_pair(root: Path, name: str, layout: Layout) -> str:
    """What was found where, and what would make a pair of it."""
    folders = list(dict.fromkeys(Path(path).parent.name for path in layout.pair))
    splits = [key for key in SPLITS if any((root / folder.format(split=key)).is_dir() for folder in folders)]
    places = dict.fromkeys(root / folder.format(split=key) for key in splits for folder in folders)
    found = "; ".join(describe_folder(folder) for folder in places)
    rule = " goes with ".join(path.format(split=splits[0]) for path in layout.pair)
    return f"{root}: layout {name}, and no frame with its label: {found}. {rule}: rename the files, or move them there"


def describe_folder(folder: Path) -> str:
    """Which pictures lie in a folder, or one folder further down."""
    if not folder.is_dir():
        return f"{folder.name}/ is missing"
    if files := pictures(folder):
        return f"{folder.name}/ holds {len(files)} pictures (first: {files[0].name})"
    inner = {path: len(pictures(path)) for path in sorted(folder.iterdir()) if path.is_dir()}
    listed = ", ".join(f"{folder.name}/{path.name}/ has {count}" for path, count in list(inner.items())[:LISTED])
    more = f", and {len(inner) - LISTED} more folders" if len(inner) > LISTED else ""
    return f"{folder.name}/ holds no picture" + (f", but {listed}{more}" if inner else "")


def _composites_hint(root: Path) -> str:
    """What to do with side-by-side composites, if the root or a folder in it holds them."""
    for folder in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
        files = pictures(folder / "train")
        if files and _is_composite(files[0]):
            return (
                f". These look like side-by-side composites, photo left and coloured label right; "
                f"`python -m camvid composites {folder} OUT` makes a data set of them"
            )
    return ""


def _is_composite(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            return picture.width == 2 * picture.height
    except (OSError, UnidentifiedImageError):
        return False


LAYOUTS = {
    "fastai": Layout(
        ("images/", "labels/*_P.png", "codes.txt"), scan_fastai, fastai_labels, ("images/x.png", "labels/x_P.png")
    ),
    "segnet": Layout(("train/", "trainannot/"), scan_segnet, segnet_labels, ("{split}/x.png", "{split}annot/x.png")),
    "kaggle": Layout(
        ("train/", "train_labels/"), scan_kaggle, kaggle_labels, ("{split}/x.png", "{split}_labels/x_L.png")
    ),
    "original": Layout(("*_L.png|*/*_L.png",), scan_original, original_labels, ("x.png", "x_L.png")),
}
