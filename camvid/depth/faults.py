"""What is wrong with the depth of a data set, one line for each fault, which starts with the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from camvid.depth import DepthSource, find_depth
from camvid.layouts.dataset import Frame
from camvid.layouts.mismatches import depth_mismatch
from camvid.layouts.scan import DEPTH, Scan, plain
from camvid.layouts.trees import pictures_below


def matched_depth(scan: Scan) -> tuple[DepthSource | None, list[str]]:
    """The depth of the frames, if there is any, and what is wrong with all of it."""
    try:
        depth = find_depth(scan)
    except ValueError as error:
        return None, [str(error)]
    if not depth:
        return None, []
    names = {frame.name for frame in scan.frames}
    faults = [f"{path}: depth without a frame ({name})" for name, path in depth.maps.items() if name not in names]
    lines = {name: path for name, path in depth.cameras.items() if name not in depth.maps and name not in names}
    known = scan.passed | (_stems(scan.root) if lines else frozenset())
    faults += [f"{path}: a line for {name!r}, and no such frame" for name, path in lines.items() if name not in known]
    return depth, faults


def _stems(root: Path) -> frozenset[str]:
    """The names of all pictures but depth maps, as frames that are in no split may have a camera."""
    below = (path for path in pictures_below(root) if not path.is_relative_to(root / DEPTH))
    return frozenset(plain(path.stem) for path in below)


def depth_faults(depth: DepthSource, frame: Frame, size: tuple[int, int] | None) -> list[str]:
    """What is wrong with the depth of a frame, which has this height and width; None if that is unknown."""
    faults: list[str] = []
    for part in (depth.camera, depth.metres):
        try:
            part(frame.name)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        return list(dict.fromkeys(faults))  # depth of Cityscapes needs the camera, too
    try:
        found, _ = depth.read(frame.name)
    except ValueError as error:
        return [str(error)]
    path = depth.maps[frame.name]
    if size and (fault := depth_mismatch(path, frame, found.shape, size)):
        return [fault]
    return [] if np.isfinite(found).any() else [f"{path}: no pixel has a depth; remove the file, or write it again"]
