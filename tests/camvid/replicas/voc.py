"""PASCAL VOC: values with VOC's palette, borders of 255, lists of the frames in each split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.camvid.replicas.drawing import VOID, Masks, Replica, photo, values, with_palette

SPLITS = {"train": ("2007_000032", "2007_000039", "2008_000008"), "val": ("2007_000033",), "test": ("2012_000001",)}
OTHERS = ("2007_000027", "2012_004331")  # most frames have boxes alone


def palette() -> np.ndarray:
    """VOC's colours: the bits of a value, from the lowest, are the highest bits of red, green, blue, red, …"""
    colors = np.zeros((256, 3), int)
    for value in range(256):
        for bit in range(8):
            colors[value, bit % 3] |= (value >> bit & 1) << (7 - bit // 3)
    return colors


def write_voc(root: Path) -> Masks:
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    masks: Masks = {}
    for split, stems in SPLITS.items():
        (lists / f"{split}.txt").write_text("\n".join(stems) + "\n")
        for stem in stems:
            photo(root / "JPEGImages" / f"{stem}.jpg")
            if split == "test":
                continue
            mask = values(stem, 22)
            mask[mask == 21] = VOID
            with_palette(root / "SegmentationClass" / f"{stem}.png", mask, palette())
            with_palette(root / "SegmentationObject" / f"{stem}.png", values(stem, 3), palette())
            masks.setdefault(split, {})[stem] = mask
    (lists / "trainval.txt").write_text("\n".join([*SPLITS["train"], *SPLITS["val"]]) + "\n")
    for stem in OTHERS:
        photo(root / "JPEGImages" / f"{stem}.jpg")
    return masks


REPLICAS = {"voc": Replica("voc", "voc21", write_voc, {"test": 1})}
