"""Frames and depth of one's own, without labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.camvid.replicas.drawing import SIZE, Masks, Replica, photo
from tests.camvid.replicas.virtual_kitti import write_16_bits


def write_measured(root: Path) -> Masks:
    """Folders for two splits."""
    masks: Masks = {}
    rows = ["name,fx,fy,cx,cy,width,height"]
    for split, count in {"train": 6, "val": 2}.items():
        for number in range(count):
            name = f"{split}_{number:03d}"
            photo(root / "images" / split / f"{name}.png")
            write_16_bits(root / "depth" / split / f"{name}.png", np.full(SIZE, 256 * (number + 2)))
            rows.append(f"{name},50,50,31.5,15.5,{SIZE[1]},{SIZE[0]}")
            masks.setdefault(split, {})[name] = np.full(SIZE, 255, np.uint8)
    (root / "cameras.csv").write_text("\n".join([*rows, ""]))
    return masks


REPLICA = Replica("depth", "camvid11", write_measured, {})
