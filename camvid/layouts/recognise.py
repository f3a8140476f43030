"""The layouts: the list of all of them, and which one lies in a folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from camvid.folders import require_folder
from camvid.layouts.bdd100k import BDD100K
from camvid.layouts.cityscapes import CITYSCAPES
from camvid.layouts.fastai import FASTAI
from camvid.layouts.folders import FOLDERS
from camvid.layouts.hints import hint_at
from camvid.layouts.kaggle import KAGGLE
from camvid.layouts.kitti import KITTI
from camvid.layouts.kitti_depth import KITTI_DEPTH
from camvid.layouts.layout import Layout
from camvid.layouts.mapillary import MAPILLARY
from camvid.layouts.measured import MEASURED
from camvid.layouts.nearby import nearby
from camvid.layouts.original import ORIGINAL, PUBLISHED
from camvid.layouts.scan import SPLITS, Scan, about_hidden, pictures
from camvid.layouts.segnet import SEGNET
from camvid.layouts.unlabelled import joined, unusable, with_depth
from camvid.layouts.virtual_kitti import VIRTUAL_KITTI
from camvid.layouts.voc import VOC
from files.amounts import counted

LISTED = 3  # folders that a message names; the others are counted

# The first one that fits is taken. `*_L.png` of other frames than CamVid's says least, and comes last.
ORDER = (
    *(FASTAI, SEGNET, KAGGLE, CITYSCAPES, BDD100K, KITTI, KITTI_DEPTH, VIRTUAL_KITTI, MAPILLARY, VOC),
    *(PUBLISHED, FOLDERS, MEASURED, ORIGINAL),
)
LAYOUTS = {layout.name: layout for layout in ORDER}


class UnknownLayoutError(ValueError):
    """No layout fits a folder; `reason` is the message without what to do about it."""

    def __init__(self, reason: str, root: Path) -> None:
        self.reason = reason
        super().__init__(f"{reason}. `python -m camvid describe {shlex.quote(str(root))}` says what lies there")


def recognise(root: str | Path, layout: str | Layout | None = None) -> Layout:
    """The layout of a folder, by what marks it; one that is named, or given itself, must fit.

    Raises:
        ValueError: an unknown layout, or none that fits, with what is missing.
        FileNotFoundError: a root that is no folder.
    """
    root = Path(root)
    if isinstance(layout, str) and layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r}: allowed are {', '.join(LAYOUTS)}")
    require_folder(root)
    named = LAYOUTS[layout] if isinstance(layout, str) else layout
    candidates = [named] if named else list(ORDER)
    found = next((layout for layout in candidates if not layout.missing(root)), None)
    if found is None:
        raise UnknownLayoutError(_looked_for(root, candidates), root)
    return found


def scan_layout(root: str | Path, layout: str | Layout | None = None, depth: bool = False) -> Scan:
    """Find the frames of a data set, in the layout given or the one recognised; faults are collected, not raised.

    Frames that have depth and no label are among them with `depth`, or if none has a label.

    Raises:
        ValueError: an unknown layout, none that fits (saying what is missing), or one without a single pair of
            frame and label (listing what was found where).
        FileNotFoundError: a root that is no folder.
    """
    root, found = Path(root), recognise(root, layout)
    scan = with_depth(found.scan(root, found.name))
    scan = joined(scan) if depth or not scan.frames else scan
    if not scan.frames:
        raise ValueError(unusable(scan) or _no_pair(root, found))
    return replace(scan, notes=(*scan.notes, *about_hidden(scan)))


def _looked_for(root: Path, candidates: list[Layout]) -> str:
    """Which marks are missing, for the layouts of which something is there or that was named."""
    missing = {layout.name: layout.missing(root) for layout in candidates}
    near = [_lacking(name, marks) for name, marks in missing.items() if len(marks) < len(LAYOUTS[name].marks)]
    if len(candidates) == 1:
        near = [_lacking(name, marks) for name, marks in missing.items()]
    hint = nearby(root, candidates) or hint_at(root)
    known = f"known are {', '.join(missing)}" if not hint else ""
    told = f"nearest are {'; '.join(near)}" if near else known
    return f"{root}: no layout recognised: {'; '.join(filter(None, (told, hint)))}"


def _lacking(name: str, marks: Iterable[str]) -> str:
    """What is missing for a layout; of many names of a folder the first two."""
    return f"{name} ({', '.join(' or '.join(mark.split('|')[:2]) for mark in marks)} missing)"


def _no_pair(root: Path, layout: Layout) -> str:
    """What was found where, and what would make a pair of it, by the form of which most folders are there."""
    head = f"{root}: layout {layout.name}, and no frame with its label"
    if hint := hint_at(root):
        return f"{head}: {hint}"
    pair = max((layout.pair, *layout.others), key=lambda pair: len(_there_of(root, pair)))
    splits = list(dict.fromkeys(key for key, _ in _there_of(root, pair))) or ["train"]
    places = dict.fromkeys(folder.format(split=key) for key in splits for folder in _folders(pair))
    found = "; ".join(describe_folder(root / place, place) for place in places)
    rule = " goes with ".join(path.format(split=splits[0]) for path in pair)
    return f"{head}: {found}. {rule}: rename the files, or move them there"


def _folders(pair: tuple[str, str]) -> list[str]:
    """The folders of frames and of labels, as far as they have names of their own."""
    return list(dict.fromkeys(path.split("*")[0].rpartition("/")[0] for path in pair))


def _there_of(root: Path, pair: tuple[str, str]) -> list[tuple[str, str]]:
    """The splits and folders of a pair that are there."""
    places = [(key, folder.format(split=key)) for key in SPLITS for folder in _folders(pair)]
    return [(key, place) for key, place in places if (root / place).is_dir()]


def describe_folder(folder: Path, shown: str | None = None) -> str:
    """Which pictures lie in a folder, or one folder further down; `shown` is what to call it, by default its name."""
    shown = shown or folder.name
    if not folder.is_dir():
        return f"{shown}/ is missing"
    if files := pictures(folder):
        return f"{shown}/ holds {counted(len(files), 'picture')} (first: {files[0].name})"
    inner = {path: pictures(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    listed = ", ".join(f"{shown}/{path.name}/ has {len(files)}" for path, files in list(inner.items())[:LISTED])
    more = f", and {counted(len(inner) - LISTED, 'more folder')}" if len(inner) > LISTED else ""
    first = next((files[0] for files in inner.values() if files), None)
    more += f" (first: {first.name})" if first else ""
    return f"{shown}/ holds no picture" + (f", but {listed}{more}" if inner else "")
