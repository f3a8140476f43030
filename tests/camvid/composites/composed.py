"""Composites of drawn scenes whose truth is known."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from camvid.composites.draw import kind_colors
from camvid.synth import Kind
from camvid.synth.render import draw_frame
from camvid.synth.world import make_world
from camvid.taxonomy import load_taxonomy


@cache
def scenes(count, side):
    """Photos and labels of `Kind`, of several worlds."""
    return [draw_frame(make_world((5, i % 4)), i // 4, (side, side)) for i in range(count)]


def camvid_colors():
    """The colours of camvid11 for each `Kind`, black for what it leaves out."""
    taxonomy = load_taxonomy("camvid11")
    table = np.vstack([taxonomy.colors, np.zeros((1, 3), np.uint8)])
    return table[[taxonomy.sources.get(kind.name, -1) for kind in Kind]]


COLORS = {"camvid11": camvid_colors, "cityscapes": kind_colors}


def write_composites(root: Path, count, side, table, quality=75, val=2):
    """Write train/1.jpg … and val/1.jpg … (the last `val` scenes); returns the clean coloured labels by frame name."""
    truth = {}
    for number, (photo, label) in enumerate(scenes(count, side)):
        split, place = ("train", number + 1) if number < count - val else ("val", number + 1 - (count - val))
        (root / split).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(np.concatenate((photo, table[label]), axis=1))
        picture.save(root / split / f"{place}.jpg", quality=quality)
        truth[f"{split}_{place}"] = table[label]
    return truth


def write_blocks(root: Path, files=3, side=64, colors=((128, 64, 128), (0, 0, 142), (70, 130, 180), (0, 0, 0))):
    """Small composites in no time: a grey photo, and a label in quarters of these colours."""
    half = side // 2
    label = np.array(colors, np.uint8).reshape(2, 2, 3).repeat(half, 0).repeat(half, 1)
    photo = np.full_like(label, 90)
    for split in ("train", "val"):
        (root / split).mkdir(parents=True, exist_ok=True)
        for number in range(files):
            picture = Image.fromarray(np.concatenate((photo + number % 50, label), axis=1))
            picture.save(root / split / f"{number}.jpg")
    return label
