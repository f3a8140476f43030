"""What is wrong with the depth of a data set, one line for each fault, which starts with the file."""

from __future__ import annotations

import numpy as np

from camvid.depth import DepthSource, find_depth
from camvid.layouts.dataset import Frame
from camvid.layouts.mismatches import depth_mismatch
from camvid.layouts.scan import Scan


def matched_depth(scan: Scan) -> tuple[DepthSource | None, list[str]]:
    """The depth of the frames, if there is any, and what is wrong with all of it."""
    try:
        depth = find_depth(scan)
    except ValueError as error:
        return None, [str(error)]
    names = {frame.name for frame in scan.frames}
    maps = depth.maps if depth else {}
    return depth, [f"{path}: depth without a frame ({name})" for name, path in maps.items() if name not in names]


def depth_faults(depth: DepthSource, frame: Frame, size: tuple[int, int] | None) -> list[str]:
    """What is wrong with the depth of a frame, which has this height and width; None if that is unknown."""
    try:
        found, _ = depth.read(frame.name)
    except ValueError as error:
        return [str(error)]
    path = depth.maps[frame.name]
    if size and (fault := depth_mismatch(path, frame, found.shape, size)):
        return [fault]
    return [] if np.isfinite(found).any() else [f"{path}: no pixel has a depth; remove the file, or write it again"]
