"""The colours of Cityscapes' labels, and which of its classes are a safety matter."""

from __future__ import annotations

from camvid.taxonomy import Color

# Source: cityscapesScripts, helpers/labels.py. Labels that share a colour have the name of the one that is scored.
COLORS: dict[str, Color] = {
    "unlabeled": (0, 0, 0),  # also ego vehicle, static and the border that rectification left empty
    "dynamic": (111, 74, 0),
    "ground": (81, 0, 81),
    "road": (128, 64, 128),
    "sidewalk": (244, 35, 232),
    "parking": (250, 170, 160),
    "rail track": (230, 150, 140),
    "building": (70, 70, 70),
    "wall": (102, 102, 156),
    "fence": (190, 153, 153),
    "guard rail": (180, 165, 180),
    "bridge": (150, 100, 100),
    "tunnel": (150, 120, 90),
    "pole": (153, 153, 153),
    "traffic light": (250, 170, 30),
    "traffic sign": (220, 220, 0),
    "vegetation": (107, 142, 35),
    "terrain": (152, 251, 152),
    "sky": (70, 130, 180),
    "person": (220, 20, 60),
    "rider": (255, 0, 0),
    "car": (0, 0, 142),
    "truck": (0, 0, 70),
    "bus": (0, 60, 100),
    "caravan": (0, 0, 90),
    "trailer": (0, 0, 110),
    "train": (0, 80, 100),
    "motorcycle": (0, 0, 230),
    "bicycle": (119, 11, 32),
}
UNLABELED = "unlabeled"  # void: the benchmark does not score it
PRIORITY = {"person", "rider", "car", "truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle"}
PRIORITY |= {"traffic light", "traffic sign"}
BACKGROUND = {"road", "sidewalk", "parking", "rail track", "ground", "vegetation", "terrain", "sky"}
BACKGROUND |= {"building", "wall", "bridge", "tunnel"}
