"""KITTI's depth: points of a laser scanner, gathered over eleven frames, in the pictures of the left colour camera.

`<split>/<drive>_sync/proj_depth/groundtruth/image_02/*.png` has 16 bits, 256 to a metre, and 0 where nothing is known,
which is most of a picture. The camera of a day is `P_rect_02` of `<date>/calib_cam_to_cam.txt`. Source: Uhrig et al.,
"Sparsity Invariant CNNs", 3DV 2017, and the development kits of KITTI.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from camvid.depth.source import Depth, DepthSource, read_16_bits
from camvid.layouts.scan import Scan
from files.camera import Camera
from files.texts import read_lines

SPLITS = ("train", "val")
EYE = "image_02"  # the left colour camera
MAPS = f"proj_depth/groundtruth/{EYE}"
CALIBRATION = "calib_cam_to_cam.txt"
PROJECTION, SIZE = "P_rect_02", "S_rect_02"  # three rows of four numbers; width and height
STEPS = 256  # of a picture's value in a metre


def find_kitti(scan: Scan) -> DepthSource | None:
    """Depth of the frames of raw drives, from the folders of the splits beside those of the days."""
    maps = {frame.name: path for frame in scan.frames if (path := _map(scan.root, frame.image))}
    if not maps:
        return None
    days = {frame.name: frame.image.parents[3] / CALIBRATION for frame in scan.frames if frame.name in maps}
    return DepthSource(f"{MAPS}/ and {CALIBRATION}", maps, days, partial(_camera, days), partial(_decode, maps))


def _map(root: Path, image: Path) -> Path | None:
    """The depth of <date>/<drive>_sync/image_02/data/x.png; None for another frame, or one without depth."""
    if image.parts[-3:-1] != (EYE, "data"):
        return None
    places = (root / split / image.parents[2].name / MAPS / f"{image.stem}.png" for split in SPLITS)
    return next((path for path in places if path.is_file()), None)


def _camera(days: Mapping[str, Path], name: str) -> Camera:
    path = days[name]
    if not path.is_file():
        raise ValueError(f"{path}: missing; unpack {path.parent.name}_calib.zip of KITTI's raw data there")
    entries = dict(line.split(":", 1) for line in read_lines(path) if ":" in line)
    try:
        values, (width, height) = (list(map(float, entries[key].split())) for key in (PROJECTION, SIZE))
        fx, _, cx, _, _, fy, cy, *_ = values
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{path}: {PROJECTION} with 12 numbers and {SIZE} with 2 are needed, as KITTI has them ({error})"
        ) from error
    camera = Camera(fx, fy, cx, cy, (int(height), int(width)))
    if fault := camera.fault():
        raise ValueError(f"{path}: {fault}")
    return camera


def _decode(maps: Mapping[str, Path], name: str) -> Depth:
    stored = read_16_bits(maps[name])
    return np.where(stored == 0, np.float32("nan"), stored / np.float32(STEPS))
