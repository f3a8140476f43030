"""Frames without labels. Those that have depth are of use to a training of depth, and nothing is missing there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from camvid.layouts.scan import Scan


def with_depth(scan: Scan) -> Scan:
    """The same scan, whose `bare` frames are those that have depth. That they have no label is no fault."""
    if not scan.bare:
        return scan
    names = _measured(scan)
    bare = tuple(one for one in scan.bare if one.frame.name in names)
    known = {one.fault for one in bare}
    passed = frozenset(one.frame.name for one in scan.bare) - names
    faults = tuple(fault for fault in scan.faults if fault not in known)
    return replace(scan, bare=bare, faults=faults, passed=passed)


def joined(scan: Scan) -> Scan:
    """The same scan, with its `bare` frames among the others."""
    frames = sorted((*scan.frames, *(one.frame for one in scan.bare)), key=lambda frame: frame.name)
    names = {key: [one.frame.name for one in scan.bare if one.split == key] for key in scan.folders or ()}
    folders = scan.folders and {key: tuple(sorted((*own, *names[key]))) for key, own in scan.folders.items()}
    whole = Counter(one.split for one in scan.bare if not one.fault)  # the frames of splits without any label
    left = {split: count - whole[split] for split, count in scan.unlabelled.items() if count > whole[split]}
    return replace(scan, frames=tuple(frames), folders=folders, unlabelled=left, bare=())


def unusable(scan: Scan) -> str:
    """Why the depth of frames without a label cannot be used; empty if there is none."""
    from camvid.depth import find_depth  # which imports the scans of this package

    try:
        find_depth(scan)
    except ValueError as error:
        return str(error)
    return ""


def _measured(scan: Scan) -> set[str]:
    """The names of the frames that have depth."""
    from camvid.depth import find_depth  # which imports the scans of this package

    try:
        depth = find_depth(joined(scan))
    except ValueError:  # `check` says what is wrong
        return set()
    return set(depth.maps) if depth else set()
