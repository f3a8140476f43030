"""Frames of 16 bits that use only the lower ones, as cameras of 10 to 14 bits write them: their upper bits are dark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from camvid.spread import spread
from files.pictures import PNG, read_bytes, whole_size

LOOKED = 6  # frames whose brightest value is looked for
MOST_BITS = 14  # a frame that uses more of its 16 bits is bright enough, or was taken at night


def about_bits(images: Sequence[Path]) -> str:
    """One line, without its end, if no frame of a sample reaches the upper bits of 16; else an empty text."""
    found = {path: _brightest(path) for path in spread(images, LOOKED)}
    deep = {path: value for path, value in found.items() if value}
    bits = max(deep.values(), default=0).bit_length()
    if not 0 < bits <= MOST_BITS:
        return ""
    return (
        f"{next(iter(deep))}: a frame of 16 bits that uses only the lower {bits} (brightest value of "
        f"{len(deep)} looked at: {max(deep.values())}), and is dark, as the upper 8 are read; multiply the values by "
        f"{2 ** (16 - bits)}: `cv2.imwrite(OUT, cv2.imread(FILE, cv2.IMREAD_UNCHANGED) * {2 ** (16 - bits)})`"
    )


def _brightest(path: Path) -> int:
    """The largest value in a picture of 16 bits a channel; 0 for others, and for damaged ones, which others name."""
    import cv2  # here, as few data sets need it

    try:
        data = read_bytes(path)
        if not (data[:8] == PNG and data[24:25] == b"\x10") and path.suffix.lower() not in (".tif", ".tiff"):
            return 0
        whole_size(path, data)
    except ValueError:
        return 0
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return int(pixels.max()) if pixels is not None and pixels.dtype == np.uint16 else 0
