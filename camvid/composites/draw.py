"""Composites of synthetic street scenes, for users who have no data yet."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camvid.composites.cityscapes import COLORS
from camvid.folders import new_folder
from camvid.synth.drawing import check_processes, draw_shots
from camvid.synth.kinds import Kind
from camvid.synth.plan import Shot, plan
from camvid.synth.render import Scene, check_size

SIDE = 256  # pixels, as in the popular data
QUALITY = 75
# CamVid's classes that have another name in Cityscapes.
NAMES = {
    Kind.Animal: "dynamic",
    Kind.Archway: "building",
    Kind.Bicyclist: "rider",
    Kind.CartLuggagePram: "dynamic",
    Kind.Child: "person",
    Kind.Column_Pole: "pole",
    Kind.LaneMkgsDriv: "road",
    Kind.LaneMkgsNonDriv: "road",
    Kind.Misc_Text: "traffic sign",
    Kind.MotorcycleScooter: "motorcycle",
    Kind.OtherMoving: "trailer",
    Kind.ParkingBlock: "parking",
    Kind.Pedestrian: "person",
    Kind.RoadShoulder: "terrain",
    Kind.SignSymbol: "traffic sign",
    Kind.SUVPickupTruck: "car",
    Kind.TrafficCone: "dynamic",
    Kind.TrafficLight: "traffic light",
    Kind.Tree: "vegetation",
    Kind.Truck_Bus: "truck",
    Kind.VegetationMisc: "terrain",
    Kind.Void: "unlabeled",
}


def kind_colors() -> NDArray[np.uint8]:
    """Cityscapes' colour for each `Kind`, (32, 3) uint8 RGB."""
    return np.array([COLORS[NAMES.get(kind, kind.name.lower())] for kind in Kind], np.uint8)


def draw_composites(out: Path, frames: int, seed: int, size: tuple[int, int] | None = None, processes: int = 1) -> None:
    """Draw scenes as side-by-side JPEG files in train/ and val/, a fifth of the sequences in val/.

    Args:
        out: the folder to make. It must not exist, or it must be empty.
        frames: number of frames, at least 3.
        seed: at least 0. The same arguments give the same bytes.
        size: height and width of each half in pixels, which must be equal. None means 256.
        processes: how many draw, as for `camvid.synth.synth`.

    Raises:
        ValueError: an argument is impossible.
        ChildProcessError: a process that draws was killed.
        FileExistsError: `out` is not empty.
    """
    size = size or (SIDE, SIDE)
    check_size(size)
    if size[0] != size[1]:
        raise ValueError(f"size={size[0]}x{size[1]}: the halves of composites are squares; take {size[0]}x{size[0]}")
    check_processes(processes)
    shots = plan(frames, seed)
    numbers = {"train": 0, "val": 0}
    with new_folder(out) as folder:
        for split in numbers:
            (folder / split).mkdir()
        for path in draw_shots(shots, partial(_write_scene, folder), size, processes=processes):
            numbers[path.parent.name] += 1
            path.rename(path.with_name(f"{numbers[path.parent.name]}.jpg"))


def _write_scene(folder: Path, shot: Shot, scene: Scene) -> Path:
    split = "val" if shot.split == "val" else "train"  # the popular data have no test split
    path = folder / split / f"{shot.name}.jpg"
    Image.fromarray(np.concatenate((scene.image, kind_colors()[scene.label]), axis=1)).save(path, quality=QUALITY)
    return path
