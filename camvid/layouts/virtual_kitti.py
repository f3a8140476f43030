"""Virtual KITTI 2: drawn films of five streets, each in ten variations of weather and direction, by two cameras.

    Scene01/clone/frames/rgb/Camera_0/rgb_00000.jpg
    Scene01/clone/frames/classSegmentation/Camera_0/classgt_00000.png
    Scene01/clone/frames/depth/Camera_0/depth_00000.png

The labels are colours, which `colors.txt` of a variation lists. All variations show the same street at the same
moments, so all of a scene is one drive. No frame is held out, so that whole scenes are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from camvid.labels import Labels, color_labels
from camvid.layouts.dataset import Frame
from camvid.layouts.layout import Layout, built_in
from camvid.layouts.scan import Bare, Scan, pictures
from camvid.taxonomy import Color, Taxonomy
from camvid.words import in_words_of
from files.texts import read_lines

FRAMES = "Scene*/*/frames/rgb/Camera_*"
LISTS = "Scene*/*/colors.txt"
# As the data set has it; the other values are classes.
COLORS: dict[str, Color] = {
    "Terrain": (210, 0, 200),
    "Sky": (90, 200, 255),
    "Tree": (0, 199, 0),
    "Vegetation": (90, 240, 0),
    "Building": (140, 140, 140),
    "Road": (100, 60, 100),
    "GuardRail": (250, 100, 255),
    "TrafficSign": (255, 255, 0),
    "TrafficLight": (200, 200, 0),
    "Pole": (255, 130, 0),
    "Misc": (80, 80, 80),
    "Truck": (160, 60, 60),
    "Car": (255, 127, 80),
    "Van": (0, 139, 139),
    "Undefined": (0, 0, 0),
}


def scan_virtual_kitti(root: Path, layout: str) -> Scan:
    """Frames with their labels. Where no label of a film and a camera is there, none is missing."""
    found = [one for folder in sorted(root.glob(FRAMES)) for one in _film(root, folder)]
    bare = tuple(one for one in found if isinstance(one, Bare))
    frames = tuple(one for one in found if isinstance(one, Frame))
    whole = sum(not one.fault for one in bare)
    faults = tuple(one.fault for one in bare if one.fault)
    return Scan(root, layout, frames, None, faults, {"": whole} if whole else {}, divided=True, bare=bare)


def _film(root: Path, folder: Path) -> Iterator[Frame | Bare]:
    """The frames of a camera in a variation of a scene."""
    scene, variation = folder.relative_to(root).parts[:2]
    labels = _numbered(folder.parents[1] / "classSegmentation" / folder.name)
    for number, image in _numbered(folder).items():
        frame = Frame(f"{scene}_{variation}_{folder.name}_{number}", scene, image, labels.get(number))
        fault = f"{image}: frame without a label (classgt_{number}.png)" if labels else ""
        yield frame if frame.mask else Bare(frame, fault=fault)


def _numbered(folder: Path) -> Mapping[str, Path]:
    """The pictures in a folder, by the number at the end of their names."""
    return {path.stem.rpartition("_")[2]: path for path in pictures(folder)}


def virtual_kitti_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Colours, as the first list that is there says; else those that were published."""
    path = next(iter(sorted(scan.root.glob(LISTS))), None)
    origin = str(path or f"{scan.root}: Virtual KITTI's list of colours")
    colors = _listed(path) if path else COLORS
    return color_labels(in_words_of(taxonomy, colors), colors, origin)


def _listed(path: Path) -> dict[str, Color]:
    """The colours of a list "Category r g b". Raises ValueError naming the line."""
    rows = [(number, line.split()) for number, line in enumerate(read_lines(path), 1) if line]
    return dict(_entry(path, number, parts) for number, parts in rows if parts[0] != "Category")


def _entry(path: Path, number: int, parts: list[str]) -> tuple[str, Color]:
    values = [int(part) for part in parts[1:] if part.isdecimal()]
    if len(parts) != 4 or len(values) != 3 or max(values) > 255:
        raise ValueError(f"{path}, line {number}: a category and r, g, b from 0 to 255 are needed, got {parts}")
    return parts[0], (values[0], values[1], values[2])


VIRTUAL_KITTI = Layout(
    "virtual_kitti",
    ("Scene*/", f"{FRAMES}/"),
    scan_virtual_kitti,
    virtual_kitti_labels,
    ("Scene*/*/frames/rgb/Camera_0/rgb_x.jpg", "Scene*/*/frames/classSegmentation/Camera_0/classgt_x.png"),
    built_in("virtual_kitti"),
)
