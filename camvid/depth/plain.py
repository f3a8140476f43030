"""Depth beside any layout: `depth/NAME.png` or `depth/NAME.npy`, and `cameras.csv`.

A picture has 16 bits, 256 to a metre, and 0 where the depth is unknown, as KITTI stores it. An array holds metres as
floats, and 0 or NaN where the depth is unknown.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Container, Mapping
from functools import partial
from io import StringIO
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camvid.depth.source import Depth, DepthSource, read_16_bits
from camvid.layouts.scan import CAMERAS, DEPTH, Scan
from camvid.layouts.trees import Keyed, keyed
from files.camera import Camera
from files.texts import read_text

COLUMNS = ("fx", "fy", "cx", "cy", "width", "height")
STEPS = 256  # of a picture's value in a metre


def find_plain(scan: Scan) -> DepthSource | None:
    """Depth in `depth/`, under the names of the frames, or under the folders that make up a frame's name."""
    found = keyed(scan.root / DEPTH, "", (".png", ".npy"))
    if not found:
        return None
    table = scan.root / CAMERAS
    if not table.is_file():
        raise ValueError(
            f"{table}: missing, and {scan.root / DEPTH} holds depth; write a table with the columns name, "
            f"{', '.join(COLUMNS)} (pixels), with a line for each frame"
        )
    cameras = _cameras(table)
    files = _by_frame(found, {frame.name for frame in scan.frames})
    return DepthSource(
        f"{DEPTH}/ and {CAMERAS}",
        {name: paths[0] for name, paths in files.items()},
        dict.fromkeys([*files, *cameras], table),
        partial(_camera, table, cameras),
        partial(_decode, files),
    )


def _by_frame(found: Keyed, names: Container[str]) -> Keyed:
    """The maps of each frame. They may lie in the folders that make up a frame's name, or in others."""
    files: Keyed = {}
    for key, paths in found.items():
        files.setdefault(key if key in names else key.rpartition("/")[2], []).extend(paths)
    return files


def read_cameras(table: Path) -> dict[str, Camera]:
    """The cameras in a table, by the names of their frames. Raises ValueError naming the table and what is wrong."""
    cameras = _cameras(table)
    return {name: _camera(table, cameras, name) for name in cameras}


def _cameras(table: Path) -> dict[str, Camera | str]:
    """For each name in the table, its camera, or what is wrong with its line."""
    try:
        rows = list(csv.DictReader(StringIO(read_text(table)), skipinitialspace=True))
    except csv.Error as error:
        raise ValueError(f"{table}: not a table of comma-separated values ({error})") from error
    given = rows[0] if rows else {}
    if missing := [column for column in ("name", *COLUMNS) if column not in given]:
        what = f"column{'s' * (len(missing) > 1)} {', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing"
        raise ValueError(f"{table}: {what}; needed are name, {', '.join(COLUMNS)}")
    cameras = {row["name"]: _of_row(row) for row in rows}
    counts = Counter(row["name"] for row in rows)
    return cameras | {name: f"{name} has {count} lines; leave one" for name, count in counts.items() if count > 1}


def _of_row(row: Mapping[str, str | None]) -> Camera | str:
    """Empty fields are NaN, which `Camera.fault` names; an empty size is none."""
    values, strange = [], []
    for column in COLUMNS:
        try:
            values.append(float(row[column] or "nan"))
        except ValueError:
            strange.append(f"{column} must be a number of pixels, got {row[column]!r}")
    if strange:
        return f"frame {row['name']}: {'; '.join(strange)}"
    fx, fy, cx, cy, width, height = values
    sized = isfinite(width) and isfinite(height)
    camera = Camera(fx, fy, cx, cy, (int(height), int(width)) if sized else None)
    return f"frame {row['name']}: {fault}" if (fault := camera.fault()) else camera


def _camera(table: Path, cameras: Mapping[str, Camera | str], name: str) -> Camera:
    camera = cameras.get(name, f"no line for frame {name}; add its camera")
    if isinstance(camera, str):
        raise ValueError(f"{table}: {camera}")
    return camera


def _decode(files: Keyed, name: str) -> Depth:
    path, *others = files[name]
    if others:
        raise ValueError(f"{others[0]}: a second depth map of frame {name}, beside {path}; remove one")
    metres = _array(path) if path.suffix.lower() == ".npy" else read_16_bits(path) / np.float32(STEPS)
    return np.where(metres == 0, np.float32("nan"), metres)


def encode_depth(depth: Depth) -> NDArray[np.uint16]:
    """Depth (H, W) in metres as KITTI stores it: in steps of 1/256 m, with 0 where it is unknown (NaN)."""
    return np.rint(np.nan_to_num(depth) * STEPS).clip(0, 2**16 - 1).astype(np.uint16)


def _array(path: Path) -> Depth:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path}: not an array of NumPy ({error})") from error
    if values.ndim != 2 or not np.issubdtype(values.dtype, np.floating):
        shape = "x".join(map(str, values.shape))
        raise ValueError(f"{path}: a depth map is an array (H, W) of floats, and this one is {shape} of {values.dtype}")
    return np.asarray(values, np.float32)
