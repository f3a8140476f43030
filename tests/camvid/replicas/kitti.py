"""KITTI: Cityscapes' ids, one folder of labelled frames, and no split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.camvid.replicas.cityscapes import COLORS, TABLE, TRAIN_IDS
from tests.camvid.replicas.drawing import Masks, Replica, grey, photo, values

SIZES = ((32, 96), (32, 96), (32, 64))  # most are 375x1242, some a little smaller


def write_kitti(root: Path) -> Masks:
    """Seven labelled frames, whose seconds moments (`_11`, of KITTI's stereo set) have no label; two of testing."""
    masks: Masks = {"": {}}
    for number in range(7):
        size = SIZES[number % 3]
        stem = f"{number:06d}"
        for moment in ("10", "11"):
            photo(root / "training" / "image_2" / f"{stem}_{moment}.png", size)
        ids = values(stem, len(TABLE), size)
        grey(root / "training" / "semantic" / f"{stem}_10.png", ids)
        grey(root / "training" / "semantic_rgb" / f"{stem}_10.png", COLORS[ids])
        grey(root / "training" / "instance" / f"{stem}_10.png", ids.astype(np.uint16) * 256)
        masks[""][stem] = TRAIN_IDS[ids]
    for number in range(2):
        photo(root / "testing" / "image_2" / f"{number:06d}_10.png")
    return masks


REPLICAS = {"kitti": Replica("kitti", "cityscapes19", write_kitti, {"test": 2})}
