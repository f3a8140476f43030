"""BDD100K: 19 classes in Cityscapes' order, 255 for void."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.camvid.replicas.drawing import VOID, Masks, Replica, grey, photo, values

SPLITS = {"train": ("0000f77c-6257be58", "0000f77c-62c2a288", "0001542f-5ce3cf52"), "val": ("7d06fefd-f7be05a6",)}
TEST = ("ac517380-00000000",)
COLORED = (70, 130, 180)


def _mask(stem: str) -> np.ndarray:
    mask = values(stem, 20)
    mask[mask == 19] = VOID
    return mask


def write_10k(root: Path) -> Masks:
    for stem in TEST:
        photo(root / "images" / "10k" / "test" / f"{stem}.jpg")
    masks: Masks = {}
    for split, stems in SPLITS.items():
        for stem in stems:
            photo(root / "images" / "10k" / split / f"{stem}.jpg")
            masks.setdefault(split, {})[stem] = _mask(stem)
            sem_seg = root / "labels" / "sem_seg"
            grey(sem_seg / "masks" / split / f"{stem}.png", masks[split][stem])
            grey(sem_seg / "colormaps" / split / f"{stem}.png", np.full((32, 64, 3), COLORED, np.uint8))
    return masks


def write_seg(root: Path) -> Masks:
    """The release of 2018."""
    masks: Masks = {}
    for split, stems in SPLITS.items():
        for stem in stems:
            photo(root / "seg" / "images" / split / f"{stem}.jpg")
            masks.setdefault(split, {})[stem] = _mask(stem)
            grey(root / "seg" / "labels" / split / f"{stem}_train_id.png", masks[split][stem])
            grey(root / "seg" / "color_labels" / split / f"{stem}_train_color.png", np.zeros((32, 64, 3), np.uint8))
    return masks


REPLICAS = {
    "bdd100k": Replica("bdd100k", "bdd19", write_10k, {"test": 1}),
    "bdd100k of 2018": Replica("bdd100k", "bdd19", write_seg, {}),
}
