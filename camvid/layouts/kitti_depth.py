"""KITTI's depth: frames of raw drives, and depth maps in the folders of the splits; no labels.

    2011_09_26/2011_09_26_drive_0001_sync/image_02/data/0000000005.png
    train/2011_09_26_drive_0001_sync/proj_depth/groundtruth/image_02/0000000005.png

The first and the last five frames of a drive have no depth, and are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from camvid.depth.kitti import EYE, MAPS, SPLITS
from camvid.labels import IndexLabels
from camvid.layouts.dataset import Frame
from camvid.layouts.layout import Layout, built_in
from camvid.layouts.scan import Scan, pictures
from files.amounts import counted

SYNC = "_sync"  # how the folder of a drive ends
DAY = len("2011_09_26")  # with which its name begins


class _Found(NamedTuple):
    split: str
    frames: list[Frame]
    faults: list[str]
    missing: bool  # the frames of the whole drive


def scan_kitti_depth(root: Path, layout: str) -> Scan:
    """The frames that have depth. Drives whose frames are not there are left out, with a word about it."""
    found = [_drive(root, split, folder) for split, folder in _drives(root)]
    frames = sorted((frame for one in found for frame in one.frames), key=lambda frame: frame.name)
    folders = {key: tuple(f.name for one in found if one.split == key for f in one.frames) for key in (*SPLITS, "test")}
    faults = tuple(fault for one in found for fault in one.faults)
    absent = sum(one.missing for one in found)
    note = f"{counted(absent, 'drive')} with depth {'is' if absent == 1 else 'are'} left out, as the frames are missing"
    return Scan(root, layout, tuple(frames), folders, faults, notes=(note,) if absent else ())


def _drives(root: Path) -> Iterator[tuple[str, Path]]:
    for split in SPLITS:
        for folder in sorted((root / split).glob(f"*{SYNC}")):
            yield split, folder


def _drive(root: Path, split: str, folder: Path) -> _Found:
    images = {path.stem: path for path in pictures(root / folder.name[:DAY] / folder.name / EYE / "data")}
    maps = pictures(folder / MAPS, (".png",))
    drive = folder.name.removesuffix(SYNC)
    frames = [Frame(f"{drive}_{path.stem}", drive, images[path.stem], None) for path in maps if path.stem in images]
    alone = [f"{path}: depth without a frame ({path.stem})" for path in maps if images and path.stem not in images]
    return _Found(split, frames, alone, missing=bool(maps) and not images)


KITTI_DEPTH = Layout(
    "kitti_depth",
    (f"20*/*{SYNC}/{EYE}/data/", "|".join(f"{split}/*{SYNC}/{MAPS}/" for split in SPLITS)),
    scan_kitti_depth,
    lambda scan, taxonomy: IndexLabels(()),
    (f"20*/*{SYNC}/{EYE}/data/x.png", f"{{split}}/*{SYNC}/{MAPS}/x.png"),
    built_in("cityscapes19"),  # which no label shows
)
