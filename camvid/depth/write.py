"""Depth and cameras of any form, written in the plain one: `depth/NAME.png` and `cameras.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from camvid.depth import DepthSource
from camvid.depth.faults import depth_faults
from camvid.depth.plain import COLUMNS, STEPS, encode_depth
from camvid.layouts.dataset import Frame
from camvid.layouts.scan import CAMERAS, DEPTH
from camvid.links import holds, link
from files.amounts import counted
from files.camera import Camera
from files.pictures import picture_size

REACH = (2**16 - 0.5) / STEPS  # metres, from which 16 bits do not hold a depth
FAR = "255.99 m"  # the last one that they hold


class Carried(NamedTuple):
    """What was done with the depth of a frame. `far`: the number of its pixels that are too far away to be held."""

    name: str
    camera: Camera | None = None  # None if the depth was left out
    linked: bool = False
    far: int = 0
    faults: Sequence[str] = ()


def write_depth(source: DepthSource, frame: Frame, folder: Path) -> Carried:
    """Write the depth of a frame to `folder/NAME.png`, or link it if it is in that form already."""
    if faults := depth_faults(source, frame, picture_size(frame.image)):
        return Carried(frame.name, faults=faults)
    path, target = source.maps[frame.name], folder / f"{frame.name}.png"
    depth, camera = source.read(frame.name)
    far = depth >= REACH
    stored = encode_depth(np.where(far, np.float32("nan"), depth))
    if not stored.any():
        return Carried(frame.name, faults=[f"{path}: no pixel has a depth up to {FAR}"])
    if linked := path.suffix.lower() == ".png" and holds(path, stored, ("I;16", "I")):
        link(path, target)
    else:
        Image.fromarray(stored).save(target)
    return Carried(frame.name, camera, linked, int(far.sum()))


def write_cameras(carried: Iterable[Carried], table: Path) -> None:
    """Write `cameras.csv`. Its numbers are exact."""
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("name", *COLUMNS))
        for name, camera in ((one.name, one.camera) for one in carried):
            if camera and camera.size:
                rows.writerow((name, camera.fx, camera.fy, camera.cx, camera.cy, *reversed(camera.size)))


def about_carried(carried: Sequence[Carried], form: str) -> list[str]:
    """How many frames have depth, and what of it was left out, one line each."""
    whole = [one for one in carried if one.camera]
    linked, far = sum(one.linked for one in whole), [one.far for one in whole if one.far]
    lines = [
        f"depth of {counted(len(whole), 'frame')}, as in {form}; {linked} linked as they are, "
        f"{len(whole) - linked} written as {DEPTH}/NAME.png, with {CAMERAS}"
    ]
    if far:
        lines.append(f"left out: depth beyond {FAR}: {counted(sum(far), 'pixel')} of {counted(len(far), 'frame')}")
    return lines + [f"left out: depth: {fault}" for one in carried for fault in one.faults]
