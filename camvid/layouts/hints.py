"""What to do with labels that are no pictures of classes: composites, Label Studio's pictures, COCO's objects."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from camvid.layouts.cityscapes import ENCODINGS
from camvid.layouts.scan import pictures
from camvid.layouts.trees import holds_pictures

# How Label Studio calls the picture of a class.
TASK = re.compile(r"task-(?P<task>\d+)-(?:annotation-(?P<annotation>\d+)-)?.*?tag-(?P<tag>.+)-\d+")
LOOKED = 12  # JSON files of a folder that are looked at
COCO = ('"annotations"', '"licenses"', '"images"')  # one of these stands at the beginning of such a file
DRAW = "objects in COCO's JSON are not read; draw label pictures of them first: docs/data.md shows how"


def hint_at(root: Path) -> str:
    """What makes a data set of what lies there; empty where nothing is known."""
    if hint := export_hint(root):
        return hint
    if files := coco_files(root):
        return f"{files[0]}: {DRAW}"
    return _polygons_hint(root) or _kinds_hint(root) or _composites_hint(root)


def export_hint(root: Path) -> str:
    """What to do with Label Studio's pictures."""
    where = shlex.quote(str(root))
    joins = f"Label Studio's pictures, one for each class: `python -m camvid convert {where} OUT` joins them"
    return joins if is_export(root) else ""


def _polygons_hint(root: Path) -> str:
    """What to do with polygons alone, as IDD ships them."""
    labels = root / "gtFine"
    if not any(labels.glob("*/*/*_polygons.json")) or holds_pictures(labels):
        return ""
    return (
        f"{labels} has polygons and no label pictures, as IDD ships it; run `python preperation/createLabels.py "
        f"--datadir {shlex.quote(str(root))} --id-type level3Id` of github.com/AutoNUE/public-code, which draws "
        "*_gtFine_labellevel3Ids.png beside them"
    )


def _kinds_hint(root: Path) -> str:
    """What to do with Cityscapes labels of a kind that is not known: under another name they would be misread."""
    labels = root / "gtFine"
    kinds = {path.stem.rpartition("_")[2] for path in labels.glob("*/*/*_gtFine_*.png")}
    if not kinds or any(f"_{kind}" in ENCODINGS for kind in kinds):
        return ""
    flags = "--images leftImg8bit --masks gtFine --classes FILE"
    return (
        f"{labels} has labels of the kind {' and '.join(sorted(kinds))}, and known are "
        f"{', '.join(kind.removeprefix('_') for kind in ENCODINGS)}; list the names of its values, and "
        f"`python -m camvid convert {shlex.quote(str(root))} OUT {flags}` writes what is trained on"
    )


def is_export(root: Path) -> bool:
    """Whether Label Studio's pictures lie in a folder, or one folder further down."""
    folders = (root, *(path for path in sorted(root.iterdir()) if path.is_dir()))
    return any(TASK.fullmatch(path.stem) for folder in folders for path in folder.glob("task-*-tag-*"))


def coco_files(root: Path) -> list[Path]:
    """JSON files of COCO's form, in the root and two folders further down."""
    found = [path for pattern in ("*.json", "*/*.json", "*/*/*.json") for path in sorted(root.glob(pattern))[:LOOKED]]
    return [path for path in found if path.is_file() and _is_coco(path)]


def _is_coco(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4096).decode("utf-8", "replace")
    return head.lstrip("\ufeff \n\r\t").startswith("{") and any(key in head for key in COCO)


def _composites_hint(root: Path) -> str:
    """What to do with side-by-side composites, if the root or a folder in it holds them."""
    for folder in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
        files = pictures(folder / "train")
        if files and _is_composite(files[0]):
            return (
                f"these look like side-by-side composites, photo left and coloured label right; "
                f"`python -m camvid composites {folder} OUT` makes a data set of them"
            )
    return ""


def _is_composite(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            return picture.width == 2 * picture.height
    except (OSError, UnidentifiedImageError):
        return False
