"""KITTI's depth: raw drives, sparse maps of the laser scanner, and the calibration of a day as its host writes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.camvid.replicas.drawing import Masks, Replica, photo
from tests.camvid.replicas.virtual_kitti import write_16_bits

SIZE = (32, 96)
DRIVES = {
    "train": ("2011_09_26_drive_0001", "2011_09_26_drive_0009", "2011_09_28_drive_0001"),
    "val": ("2011_09_26_drive_0002",),
}
FX, CX, CY = 721.5377, 609.5593, 172.854  # of P_rect_02
CALIBRATION = f"""calib_time: 09-Jan-2012 13:57:47
corner_dist: 9.950000e-02
S_00: 1.392000e+03 5.120000e+02
K_02: 9.597910e+02 0.000000e+00 6.960217e+02 0.000000e+00 9.569251e+02 2.241806e+02 0.000000e+00 0.000000e+00 1.000000e+00
R_rect_02: 9.998817e-01 1.511453e-02 -2.841595e-03 -1.511724e-02 9.998853e-01 -9.338510e-04 2.827154e-03 9.766976e-04 9.999955e-01
S_rect_02: {SIZE[1]:e} {SIZE[0]:e}
P_rect_02: {FX:e} 0.000000e+00 {CX:e} 4.485728e+01 0.000000e+00 {FX:e} {CY:e} 2.163791e-01 0.000000e+00 0.000000e+00 1.000000e+00 2.745884e-03
S_rect_03: 1.242000e+03 3.750000e+02
"""  # noqa: E501


def stored(name: str) -> np.ndarray:
    """A picture of 256 to a metre, of which four in five pixels are unknown."""
    rng = np.random.default_rng(sum(name.encode()))
    return np.where(rng.random(SIZE) < 0.8, 0, rng.integers(5 * 256, 80 * 256, SIZE)).astype(np.uint16)


def write_kitti_depth(root: Path) -> Masks:
    """Four drives of six frames; the first and the last have no depth. A fifth drive has depth, and its frames are not
    there, as only some of the raw drives were fetched."""
    masks: Masks = {}
    for split, drives in DRIVES.items():
        for drive in drives:
            raw = root / drive[:10] / f"{drive}_sync"
            (root / drive[:10]).mkdir(parents=True, exist_ok=True)
            (root / drive[:10] / "calib_cam_to_cam.txt").write_text(CALIBRATION)
            for number in range(6):
                for eye in ("image_02", "image_03"):
                    photo(raw / eye / "data" / f"{number:010d}.png", SIZE)
            for number in range(1, 5):
                name = f"{drive}_{number:010d}"
                for eye in ("image_02", "image_03"):
                    place = root / split / f"{drive}_sync" / "proj_depth" / "groundtruth" / eye
                    write_16_bits(place / f"{number:010d}.png", stored(name))
                masks.setdefault(split, {})[name] = np.full(SIZE, 255, np.uint8)
    alone = root / "val" / "2011_10_03_drive_0047_sync" / "proj_depth" / "groundtruth" / "image_02"
    write_16_bits(alone / "0000000005.png", stored("alone"))
    return masks


REPLICA = Replica("kitti_depth", "cityscapes19", write_kitti_depth, {})
