"""Cityscapes' disparity, and the camera of each frame.

`disparity/<split>/<city>/*_disparity.png` holds 0 where nothing is known, else 256 * disparity + 1 in pixels of the
left frame. `camera/<split>/<city>/*_camera.json` has focal lengths, principal point and the baseline in metres; depth
is fx * baseline / disparity. Source: cityscapesScripts, README.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from camvid.depth.source import Depth, DepthSource, read_16_bits
from camvid.layouts.scan import Scan
from files.camera import Camera

FRAMES, MAPS, CAMERAS = "leftImg8bit", "disparity", "camera"


class Rig(NamedTuple):
    """A camera, and the metres between it and the second one."""

    camera: Camera
    baseline: float


def find_disparity(scan: Scan) -> DepthSource | None:
    """Disparity of the frames in `leftImg8bit/`, from the folder beside it."""
    maps = {
        frame.name: path
        for frame in scan.frames
        if (path := _beside(scan.root, frame.image, MAPS, ".png")) and path.is_file()
    }
    if not maps:
        return None
    found = {frame.name: _beside(scan.root, frame.image, CAMERAS, ".json") for frame in scan.frames}
    files = {name: path for name, path in found.items() if path and name in maps}
    return DepthSource(f"{MAPS}/ and {CAMERAS}/", maps, files, partial(_camera, files), partial(_decode, maps, files))


def _beside(root: Path, image: Path, folder: str, suffix: str) -> Path | None:
    """Where the file of another kind lies for a frame; None outside of `leftImg8bit/`."""
    if not image.is_relative_to(root / FRAMES):
        return None
    inner = image.relative_to(root / FRAMES)
    return root / folder / inner.parent / f"{inner.stem.removesuffix(f'_{FRAMES}')}_{folder}{suffix}"


def _camera(files: Mapping[str, Path], name: str) -> Camera:
    return _rig(files[name]).camera


def _rig(path: Path) -> Rig:
    try:
        read = json.loads(path.read_bytes())
        inner, outer = read["intrinsic"], read["extrinsic"]
        fx, fy, cx, cy = (float(inner[key]) for key in ("fx", "fy", "u0", "v0"))
        camera = Camera(fx, fy, cx, cy)
        baseline = float(outer["baseline"])
    except FileNotFoundError:
        raise ValueError(f"{path}: missing; unpack camera_trainvaltest.zip beside {FRAMES}/") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a camera of Cityscapes ({type(error).__name__}: {error})") from error
    if fault := camera.fault() or ("" if baseline > 0 else f"the baseline is {baseline:g} m; it must be above 0"):
        raise ValueError(f"{path}: {fault}")
    return Rig(camera, baseline)


def _decode(maps: Mapping[str, Path], files: Mapping[str, Path], name: str) -> Depth:
    rig, stored = _rig(files[name]), read_16_bits(maps[name])
    disparity = (stored.astype(np.float32) - 1) / 256  # pixels; 0 is at no finite distance
    with np.errstate(divide="ignore"):
        return np.where(stored > 1, np.float32(rig.camera.fx * rig.baseline) / disparity, np.float32("nan"))
