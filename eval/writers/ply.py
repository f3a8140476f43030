"""Point clouds as PLY files, which Open3D, MeshLab and CloudCompare read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from files.whole import write_whole

NAMES = {"<f4": "float", "u1": "uchar"}  # of NumPy's types, in the file


def write_ply(
    path: Path, points: NDArray[np.float32], colors: NDArray[np.uint8], labels: NDArray[np.uint8] | None = None
) -> None:
    """Write points (n, 3) with colours (n, 3) RGB, and with class indices (n,) if there are any.

    The format is PLY 1.0, binary, little endian (Turk, "The PLY polygon file format", 1994). Raises OSError.
    """
    columns = {**dict.fromkeys(("x", "y", "z"), "<f4"), **dict.fromkeys(("red", "green", "blue"), "u1")}
    columns |= {} if labels is None else {"class": "u1"}
    rows = np.empty(len(points), np.dtype([*columns.items()]))
    for index, (axis, color) in enumerate(zip("xyz", ("red", "green", "blue"), strict=True)):
        rows[axis], rows[color] = points[:, index], colors[:, index]
    if labels is not None:
        rows["class"] = labels
    properties = [f"property {NAMES[kind]} {name}" for name, kind in columns.items()]
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(rows)}", *properties, "end_header"]
    write_whole(path, ("\n".join(head) + "\n").encode() + rows.tobytes())
