"""What a sample of the depth maps holds, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from camvid.depth import DepthSource, find_depth
from camvid.layouts import Frame, RoadDataset
from camvid.layouts.scan import Scan
from camvid.spread import spread
from files.amounts import counted


def about_depth(scan: Scan) -> list[str]:
    """One line about depth maps: how many, how far they reach, how much of them is known. None if there are none."""
    try:
        depth = find_depth(scan)
        return _about(depth, scan.frames) if depth else []
    except ValueError as error:
        return [f"fault: {error}"]


def about_depths(dataset: RoadDataset) -> list[str]:
    """Such a line for each split that has depth. Raises ValueError naming a map that cannot be read."""
    depth, splits = dataset.depth, dataset.splits
    if depth is None:
        return [dataset.depth_fault] if dataset.depth_fault else []
    return [f"{split}: {line}" for split, frames in splits.items() for line in _about(depth, frames)]


def _about(depth: DepthSource, frames: Sequence[Frame]) -> list[str]:
    names = [frame.name for frame in frames if frame.name in depth.maps]
    maps = [depth.read(name)[0] for name in spread(names)]
    if not maps:
        return []
    values = np.concatenate([found.ravel() for found in maps])
    known = values[np.isfinite(values)]
    reach = f"{known.min():.1f} to {known.max():.1f} m, half nearer than {np.median(known):.1f} m" if len(known) else ""
    return [
        f"depth of {counted(len(names), 'frame')}, as in {depth.form}; of {len(maps)} looked at: "
        f"{reach or 'no values'}, {len(known) / len(values):.0%} of the pixels known"
    ]
