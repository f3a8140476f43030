"""What a sample of the depth maps holds, in words."""

from __future__ import annotations

import numpy as np

from camvid.depth import find_depth
from camvid.layouts.scan import Scan
from camvid.spread import spread
from files.amounts import counted


def about_depth(scan: Scan) -> list[str]:
    """One line about depth maps: how many, how far they reach, how much of them is known. None if there are none."""
    try:
        depth = find_depth(scan)
        names = [frame.name for frame in scan.frames if depth and frame.name in depth.maps]
        maps = [depth.read(name)[0] for name in spread(names)] if depth else []
    except ValueError as error:
        return [f"fault: {error}"]
    if not depth or not maps:
        return []
    values = np.concatenate([found.ravel() for found in maps])
    known = values[np.isfinite(values)]
    reach = f"{known.min():.1f} to {known.max():.1f} m" if len(known) else "no values"
    return [
        f"depth of {counted(len(names), 'frame')}, as in {depth.form}; of {len(maps)} looked at: {reach}, "
        f"{len(known) / len(values):.0%} of the pixels known"
    ]
