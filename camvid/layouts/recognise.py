"""The four layouts of CamVid on disk: what each is recognised by, and how its labels are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from camvid.labels import Labels, color_labels, index_labels
from camvid.layouts.pairs import Scan, pictures, scan_fastai, scan_kaggle, scan_original, scan_segnet
from camvid.layouts.tables import read_class_dict, read_codes, read_label_colors
from camvid.taxonomy import VOID_NAME, Taxonomy, TaxonomyError, load_taxonomy


@dataclass(frozen=True)
class Layout:
    """A layout.

    Attributes:
        marks: glob patterns that must all match, "|" between alternatives.
        scan: finds the frames under a root.
        labels: builds the decoder for the labels under a root.
    """

    marks: tuple[str, ...]
    scan: Callable[[Path, str], Scan]
    labels: Callable[[Path, Taxonomy], Labels]


def scan_layout(root: str | Path, layout: str | None = None) -> Scan:
    """Find the frames of a data set, in the layout given or the one recognised; faults are collected, not raised.

    Raises ValueError for an unknown layout or where none fits (listing what was looked for), FileNotFoundError for a
    root that is no folder.
    """
    root = Path(root)
    if layout is not None and layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r}: allowed are {', '.join(LAYOUTS)}")
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder; give the folder that holds CamVid")
    candidates = LAYOUTS if layout is None else {layout: LAYOUTS[layout]}
    for name, candidate in candidates.items():
        if all(_there(root, mark) for mark in candidate.marks):
            return candidate.scan(root, name)
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


def _fastai_labels(root: Path, taxonomy: Taxonomy) -> Labels:
    path = root / "codes.txt"
    return index_labels(taxonomy, read_codes(path), str(path))


def _kaggle_labels(root: Path, taxonomy: Taxonomy) -> Labels:
    path = root / "class_dict.csv"
    if not path.is_file():  # not among the marks: without it the folders would pass for the original layout
        raise FileNotFoundError(f"{path}: missing; layout kaggle lists its colours there, in columns name,r,g,b")
    return color_labels(taxonomy, read_class_dict(path), str(path))


def _original_labels(root: Path, taxonomy: Taxonomy) -> Labels:
    path = root / "label_colors.txt"
    if path.is_file():
        return color_labels(taxonomy, read_label_colors(path), str(path))
    return color_labels(taxonomy, None, "CamVid's list of 32")


def _segnet_labels(root: Path, taxonomy: Taxonomy) -> Labels:
    """The values are camvid11 indices already, 11 is void; a taxonomy may differ in colours and priorities, and may
    have a class that collects void.
    """
    segnet = load_taxonomy("camvid11")
    groups: dict[str, tuple[str, ...]]
    groups = {name: (VOID_NAME,) if taxonomy.groups[name] == (VOID_NAME,) else (name,) for name in taxonomy.names}
    if tuple(name for name in taxonomy.names if groups[name] == (name,)) != segnet.names:
        raise TaxonomyError(
            f"taxonomy {taxonomy.name!r} over the SegNet masks in {root}: their values are camvid11 indices; take "
            "taxonomy camvid11 or camvid12, or the data in layout original, fastai or kaggle"
        )
    same = Taxonomy(taxonomy.name, taxonomy.classes, groups)
    return index_labels(same, (*segnet.names, VOID_NAME), "SegNet's list of 11")


LAYOUTS = {
    "fastai": Layout(("images/", "labels/*_P.png", "codes.txt"), scan_fastai, _fastai_labels),
    "segnet": Layout(("train/", "trainannot/"), scan_segnet, _segnet_labels),
    "kaggle": Layout(("train/", "train_labels/"), scan_kaggle, _kaggle_labels),
    "original": Layout(("*_L.png|*/*_L.png",), scan_original, _original_labels),
}
