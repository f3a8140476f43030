"""Depth maps of a data set, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from files.camera import Camera
from files.pictures import load_picture

Depth: TypeAlias = NDArray[np.float32]  # (H, W), metres along the camera's axis, NaN where it is unknown


@dataclass(frozen=True)
class DepthSource:
    """The depth of a data set. It can be pickled, so that all processes of a training get the same one.

    Attributes:
        form: what lies there, in words.
        maps: by the name of the frame, the file of its depth.
        cameras: by the name of the frame, the file of its camera; several frames may share one.
        camera: of a frame, by its name. Raises ValueError naming the file and the fix.
        decode: the depth of a frame, by its name. Raises ValueError naming the file.
    """

    form: str
    maps: Mapping[str, Path]
    cameras: Mapping[str, Path]
    camera: Callable[[str], Camera]
    decode: Callable[[str], Depth]

    def read(self, name: str) -> tuple[Depth, Camera]:
        """Depth and camera of a frame. Raises ValueError naming a file that is missing, damaged or impossible."""
        camera, depth = self.camera(name), self.metres(name)
        if camera.size and camera.size != depth.shape:
            (height, width), (rows, columns) = camera.size, depth.shape
            raise ValueError(f"{self.maps[name]}: depth is {columns}x{rows}, its camera has {width}x{height} pixels")
        return depth, replace(camera, size=(depth.shape[0], depth.shape[1]))

    def metres(self, name: str) -> Depth:
        """The depth of a frame alone. Raises ValueError naming a file that is damaged or impossible."""
        depth = self.decode(name)
        if np.isinf(depth).any() or (depth < 0).any():
            raise ValueError(f"{self.maps[name]}: depth is negative or infinite; write unknown depth as 0 or NaN")
        return depth

    def files(self, name: str) -> tuple[Path, ...]:
        """The files of the depth and of the camera of a frame; none if it has no depth."""
        return (self.maps[name], self.cameras[name]) if name in self.maps else ()


def read_16_bits(path: Path) -> NDArray[np.uint16]:
    """The values (H, W) of a grey PNG of 16 bits. Raises ValueError naming a file that is damaged or another one."""
    picture = load_picture(path)
    if not picture.mode.startswith("I"):
        raise ValueError(f"{path}: a depth picture has 16 bits of grey, and this one has the mode {picture.mode}")
    return np.asarray(picture).astype(np.uint16)
