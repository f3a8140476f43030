"""Small data sets drawn from arrays, written in each layout without the package, and the masks they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

# CamVid's published table, typed here a second time: an independent copy to compare with.
PALETTE = {
    "Animal": (64, 128, 64),
    "Archway": (192, 0, 128),
    "Bicyclist": (0, 128, 192),
    "Bridge": (0, 128, 64),
    "Building": (128, 0, 0),
    "Car": (64, 0, 128),
    "CartLuggagePram": (64, 0, 192),
    "Child": (192, 128, 64),
    "Column_Pole": (192, 192, 128),
    "Fence": (64, 64, 128),
    "LaneMkgsDriv": (128, 0, 192),
    "LaneMkgsNonDriv": (192, 0, 64),
    "Misc_Text": (128, 128, 64),
    "MotorcycleScooter": (192, 0, 192),
    "OtherMoving": (128, 64, 64),
    "ParkingBlock": (64, 192, 128),
    "Pedestrian": (64, 64, 0),
    "Road": (128, 64, 128),
    "RoadShoulder": (128, 128, 192),
    "Sidewalk": (0, 0, 192),
    "SignSymbol": (192, 128, 128),
    "Sky": (128, 128, 128),
    "SUVPickupTruck": (64, 128, 192),
    "TrafficCone": (0, 0, 64),
    "TrafficLight": (0, 64, 64),
    "Train": (192, 64, 128),
    "Tree": (128, 128, 0),
    "Truck_Bus": (192, 128, 192),
    "Tunnel": (64, 0, 64),
    "VegetationMisc": (192, 192, 0),
    "Void": (0, 0, 0),
    "Wall": (64, 192, 0),
}
NAMES = tuple(PALETTE)
COLORS = np.array(list(PALETTE.values()), np.uint8)

SEGNET = {
    "Sky": {"Sky"},
    "Building": {"Archway", "Bridge", "Building", "Tunnel", "Wall"},
    "Pole": {"Column_Pole", "TrafficCone"},
    "Road": {"Road", "LaneMkgsDriv", "LaneMkgsNonDriv"},
    "Sidewalk": {"Sidewalk", "ParkingBlock", "RoadShoulder"},
    "Tree": {"Tree", "VegetationMisc"},
    "SignSymbol": {"SignSymbol", "Misc_Text", "TrafficLight"},
    "Fence": {"Fence"},
    "Car": {"Car", "SUVPickupTruck", "Truck_Bus", "Train", "OtherMoving"},
    "Pedestrian": {"Pedestrian", "Child", "CartLuggagePram", "Animal"},
    "Bicyclist": {"Bicyclist", "MotorcycleScooter"},
}


@dataclass(frozen=True)
class Drawn:
    """A frame: `codes` (H, W) are positions in NAMES."""

    name: str
    split: str
    image: np.ndarray
    codes: np.ndarray

    def mask(self, taxonomy: str) -> np.ndarray:
        """What the mask must be, looked up pixel by pixel."""
        rows = [[expected_index(NAMES[code], taxonomy) for code in row] for row in self.codes]
        return np.array(rows, np.uint8)


@cache
def expected_index(name: str, taxonomy: str) -> int:
    if taxonomy == "camvid32":
        return 255 if name == "Void" else [n for n in NAMES if n != "Void"].index(name)
    void = 11 if taxonomy == "camvid12" else 255
    return next((i for i, group in enumerate(SEGNET.values()) if name in group), void)


# Real frame names, two of each official split.
OFFICIAL = {
    "train": ("0001TP_006690", "0016E5_00390"),
    "val": ("0016E5_07959", "0016E5_07961"),
    "test": ("0001TP_008550", "Seq05VD_f00000"),
}


def draw(names: Mapping[str, Sequence[str]] = OFFICIAL, size: tuple[int, int] = (8, 12)) -> list[Drawn]:
    rng = np.random.default_rng(3)
    return [
        Drawn(name, split, rng.integers(0, 256, (*size, 3), np.uint8), rng.integers(0, 32, size, np.uint8))
        for split, stems in names.items()
        for name in stems
    ]


def save(array: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, lossless=True)  # what WebP heeds; PNG is lossless, JPEG is not


def write_original(root: Path, frames: Sequence[Drawn], suffix: str = ".png", images: str = "raw", labels: str = "lab"):
    for frame in frames:
        save(frame.image, root / images / f"{frame.name}{suffix}")
        save(COLORS[frame.codes], root / labels / f"{frame.name}_L.png")


def write_fastai(root: Path, frames: Sequence[Drawn], suffix: str = ".png"):
    for frame in frames:
        save(frame.image, root / "images" / f"{frame.name}{suffix}")
        save(frame.codes, root / "labels" / f"{frame.name}_P.png")
    (root / "codes.txt").write_text("\n".join(NAMES) + "\n")


def write_segnet(root: Path, frames: Sequence[Drawn], suffix: str = ".png"):
    for frame in frames:
        mask = frame.mask("camvid11")
        save(frame.image, root / frame.split / f"{frame.name}{suffix}")
        save(np.where(mask == 255, 11, mask).astype(np.uint8), root / f"{frame.split}annot" / f"{frame.name}.png")


def write_kaggle(root: Path, frames: Sequence[Drawn], suffix: str = ".png"):
    for frame in frames:
        save(frame.image, root / frame.split / f"{frame.name}{suffix}")
        save(COLORS[frame.codes], root / f"{frame.split}_labels" / f"{frame.name}_L.png")
    rows = [f"{name},{red},{green},{blue}" for name, (red, green, blue) in PALETTE.items()]
    (root / "class_dict.csv").write_text("\n".join(["name,r,g,b", *rows]) + "\n")


def write_folders(root: Path, frames: Sequence[Drawn], suffix: str = ".png"):
    for frame in frames:
        save(frame.image, root / "images" / f"{frame.name}{suffix}")
        save(frame.codes, root / "masks" / f"{frame.name}.png")
    (root / "classes.txt").write_text("\n".join(NAMES) + "\n")


WRITERS = {"original": write_original, "fastai": write_fastai, "segnet": write_segnet, "kaggle": write_kaggle}
WRITERS["folders"] = write_folders
