"""How many frames with labels there are, and how large, from the headers of a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from camvid.layouts import Frame, Scan
from camvid.layouts.mismatches import size_mismatch
from camvid.spread import spread
from camvid.survey import suffixes
from files.amounts import counted
from files.pictures import picture_size

SIZED = 200  # frames whose sizes are read
LISTED = 3  # sizes and faults that are named
Size: TypeAlias = tuple[int, int]


def about_pictures(scan: Scan) -> list[str]:
    """Their number and formats, the sizes of a sample, and labels of another size than their frame, a line each."""
    sample = spread(scan.frames, SIZED)
    faults: list[str] = []
    found = [(frame, _size(frame.image, faults), _size(frame.mask, []) if frame.mask else None) for frame in sample]
    sizes = Counter(size for _, size, _ in found)
    del sizes[None]
    faults += _misfits(found)
    listed = ", ".join(f"{n} of {size[1]}x{size[0]}" for size, n in sizes.most_common(LISTED) if size)
    more = f" and {counted(len(sizes) - LISTED, 'more size')}" if len(sizes) > LISTED else ""
    images, count = suffixes(frame.image for frame in scan.frames), len(scan.masks)
    what = f"{counted(count, 'frame')} with labels: frames {images}, labels {suffixes(scan.masks)}"
    lines = [
        what if count else f"{counted(len(scan.frames), 'frame')} without labels: {images}",
        f"sizes of {counted(sizes.total(), 'frame')}: {listed}{more}",
    ]
    return lines + [f"fault: {fault}" for fault in faults[:LISTED]]


def _misfits(found: Sequence[tuple[Frame, Size | None, Size | None]]) -> list[str]:
    """One line for labels of another size than their frame."""
    other = [(frame, size, label) for frame, size, label in found if size and label and size != label]
    first = [size_mismatch(frame, size, label) for frame, size, label in other[:1] if size and label]
    return [f"{len(other)} of {len(found)} labels have another size than their frame, such as {line}" for line in first]


def _size(path: Path, faults: list[str]) -> Size | None:
    """Height and width; None for a damaged file, which becomes a fault."""
    try:
        return picture_size(path)
    except ValueError as error:
        faults.append(str(error))
        return None
