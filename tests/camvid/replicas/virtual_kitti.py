"""Virtual KITTI 2, typed from its web page: colours, file names, centimetres, and the cameras of a film."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.camvid.replicas.drawing import SIZE, Masks, Replica, grey, photo, values

TABLE = (
    ("Terrain", (210, 0, 200)),
    ("Sky", (90, 200, 255)),
    ("Tree", (0, 199, 0)),
    ("Vegetation", (90, 240, 0)),
    ("Building", (140, 140, 140)),
    ("Road", (100, 60, 100)),
    ("GuardRail", (250, 100, 255)),
    ("TrafficSign", (255, 255, 0)),
    ("TrafficLight", (200, 200, 0)),
    ("Pole", (255, 130, 0)),
    ("Misc", (80, 80, 80)),
    ("Truck", (160, 60, 60)),
    ("Car", (255, 127, 80)),
    ("Van", (0, 139, 139)),
    ("Undefined", (0, 0, 0)),
)
COLORS = np.array([color for _, color in TABLE], np.uint8)
UNDEFINED, SKY = 14, 1
SCENES = ("Scene01", "Scene02", "Scene06", "Scene18", "Scene20")
VARIATIONS = ("clone", "fog")
FOCAL, CENTRE = 725.0087, (620.5, 187.0)


def metres(name: str) -> np.ndarray:
    """The depth of a frame, in whole centimetres; NaN in the sky."""
    rng = np.random.default_rng(sum(name.encode()))
    found = rng.integers(150, 30000, SIZE) / 100
    found[values(name, len(TABLE)) == SKY] = np.nan
    return found


def write_virtual_kitti(root: Path) -> Masks:
    """Two frames of two cameras, in two variations of each scene."""
    masks: Masks = {"": {}}
    for scene in SCENES:
        for variation in VARIATIONS:
            film = root / scene / variation
            for camera in range(2):
                for number in range(2):
                    name = f"{scene}_{variation}_Camera_{camera}_{number:05d}"
                    place = {kind: film / "frames" / kind / f"Camera_{camera}" for kind in KINDS}
                    photo(place["rgb"] / f"rgb_{number:05d}.jpg")
                    label = values(name, len(TABLE))
                    grey(place["classSegmentation"] / f"classgt_{number:05d}.png", COLORS[label])
                    stored = np.where(np.isnan(metres(name)), 65535, np.round(np.nan_to_num(metres(name)) * 100))
                    write_16_bits(place["depth"] / f"depth_{number:05d}.png", stored)
                    masks[""][name] = np.where(label == UNDEFINED, 255, label).astype(np.uint8)
            (film / "colors.txt").write_text(
                "Category r g b\n" + "".join(f"{name} {r} {g} {b}\n" for name, (r, g, b) in TABLE)
            )
            rows = [f"{n} {c} {FOCAL} {FOCAL} {CENTRE[0]} {CENTRE[1]}\n" for n in range(2) for c in range(2)]
            (film / "intrinsic.txt").write_text("frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]\n" + "".join(rows))
    return masks


KINDS = ("rgb", "classSegmentation", "depth")


def write_16_bits(path: Path, stored: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(stored.astype(np.uint16)).save(path)


REPLICAS = {"virtual kitti": Replica("virtual_kitti", "virtual_kitti", write_virtual_kitti, {})}
