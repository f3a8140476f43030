"""Virtual KITTI 2: depth in centimetres beside the frames, and the cameras of a film in `intrinsic.txt`.

`<scene>/<variation>/frames/depth/Camera_N/depth_*.png` has 16 bits; 65535, which is 655.35 m, is the sky. A line of
`<scene>/<variation>/intrinsic.txt` has the columns frame, cameraID, K[0,0], K[1,1], K[0,2] and K[1,2], in pixels.
Source: Cabon et al., "Virtual KITTI 2", 2020, and its web page.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from camvid.depth.source import Depth, DepthSource, read_16_bits
from camvid.layouts.scan import Scan
from files.camera import Camera
from files.texts import read_lines

CAMERAS = "intrinsic.txt"
COLUMNS = ("K[0,0]", "K[1,1]", "K[0,2]", "K[1,2]")  # focal lengths, principal point
CENTIMETRES = np.float32(100)  # in a metre
SKY = 2**16 - 1


def find_virtual(scan: Scan) -> DepthSource | None:
    """Depth of the frames in <scene>/<variation>/frames/rgb/Camera_N/."""
    found = {frame.name: _map(frame.image) for frame in scan.frames if frame.image.parts[-4:-2] == ("frames", "rgb")}
    maps = {name: path for name, path in found.items() if path.is_file()}
    if not maps:
        return None
    films = {name: path.parents[3] / CAMERAS for name, path in maps.items()}
    decode, camera = partial(_decode, maps), partial(_camera, films, maps)
    return DepthSource(f"frames/depth/ and {CAMERAS}", maps, films, camera, decode)


def _map(image: Path) -> Path:
    """The depth of frames/rgb/Camera_0/rgb_00000.jpg: frames/depth/Camera_0/depth_00000.png."""
    number = image.stem.rpartition("_")[2]
    return image.parents[2] / "depth" / image.parent.name / f"depth_{number}.png"


def _camera(films: Mapping[str, Path], maps: Mapping[str, Path], name: str) -> Camera:
    path = films[name]
    if not path.is_file():
        raise ValueError(f"{path}: missing; unpack vkitti_2.0.3_textgt.tar.gz beside the frames")
    number, eye = (int(part.rpartition("_")[2]) for part in (maps[name].stem, maps[name].parent.name))
    cameras = _cameras(path, path.stat().st_mtime_ns)
    if (number, eye) not in cameras:
        raise ValueError(f"{path}: no line for frame {number} of camera {eye}; take the file of this film")
    if fault := cameras[number, eye].fault():
        raise ValueError(f"{path}: frame {number}: {fault}")
    return cameras[number, eye]


@lru_cache(maxsize=64)  # as many as there are films
def _cameras(path: Path, changed: int) -> dict[tuple[int, int], Camera]:
    """The cameras of a film, by frame and camera; `changed` is when the file was."""
    rows = [line.split() for line in read_lines(path) if line]
    try:
        frame, eye, *places = (rows[0].index(column) for column in ("frame", "cameraID", *COLUMNS))
        return {(int(row[frame]), int(row[eye])): _of([float(row[place]) for place in places]) for row in rows[1:]}
    except (ValueError, IndexError) as error:
        needed = f"frame, cameraID, {', '.join(COLUMNS)}"
        raise ValueError(f"{path}: not a table of cameras with the columns {needed} ({error})") from error


def _of(numbers: list[float]) -> Camera:
    fx, fy, cx, cy = numbers
    return Camera(fx, fy, cx, cy)


def _decode(maps: Mapping[str, Path], name: str) -> Depth:
    stored = read_16_bits(maps[name])
    return np.where((stored == 0) | (stored == SKY), np.float32("nan"), stored / CENTIMETRES)
