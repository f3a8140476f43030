"""Cityscapes, IDD and ACDC. The table is typed from cityscapesScripts: name, id, train id, colour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.camvid.replicas.drawing import SIZE, VOID, Masks, Replica, grey, photo, values

TABLE = (
    ("unlabeled", 255, (0, 0, 0)),
    ("ego vehicle", 255, (0, 0, 0)),
    ("rectification border", 255, (0, 0, 0)),
    ("out of roi", 255, (0, 0, 0)),
    ("static", 255, (0, 0, 0)),
    ("dynamic", 255, (111, 74, 0)),
    ("ground", 255, (81, 0, 81)),
    ("road", 0, (128, 64, 128)),
    ("sidewalk", 1, (244, 35, 232)),
    ("parking", 255, (250, 170, 160)),
    ("rail track", 255, (230, 150, 140)),
    ("building", 2, (70, 70, 70)),
    ("wall", 3, (102, 102, 156)),
    ("fence", 4, (190, 153, 153)),
    ("guard rail", 255, (180, 165, 180)),
    ("bridge", 255, (150, 100, 100)),
    ("tunnel", 255, (150, 120, 90)),
    ("pole", 5, (153, 153, 153)),
    ("polegroup", 255, (153, 153, 153)),
    ("traffic light", 6, (250, 170, 30)),
    ("traffic sign", 7, (220, 220, 0)),
    ("vegetation", 8, (107, 142, 35)),
    ("terrain", 9, (152, 251, 152)),
    ("sky", 10, (70, 130, 180)),
    ("person", 11, (220, 20, 60)),
    ("rider", 12, (255, 0, 0)),
    ("car", 13, (0, 0, 142)),
    ("truck", 14, (0, 0, 70)),
    ("bus", 15, (0, 60, 100)),
    ("caravan", 255, (0, 0, 90)),
    ("trailer", 255, (0, 0, 110)),
    ("train", 16, (0, 80, 100)),
    ("motorcycle", 17, (0, 0, 230)),
    ("bicycle", 18, (119, 11, 32)),
)
NAMES = tuple(name for name, _, _ in TABLE)
TRAIN_IDS = np.array([train for _, train, _ in TABLE], np.uint8)
COLORS = np.array([color for _, _, color in TABLE], np.uint8)
IDS = np.arange(len(TABLE))
POLEGROUP = NAMES.index("polegroup")  # has the colour of pole

SPLITS = {
    "train": ("aachen/aachen_000000_000019", "aachen/aachen_000001_000019", "bochum/bochum_000000_000313"),
    "val": ("frankfurt/frankfurt_000000_000294", "lindau/lindau_000000_000019"),
}
TEST = ("berlin/berlin_000000_000019", "bonn/bonn_000000_000019")


def write_fine(root: Path) -> Masks:
    """All four files of a label, as the host ships them; the frames of test have none."""
    masks: Masks = {}
    for split, stems in SPLITS.items():
        for stem in stems:
            photo(root / "leftImg8bit" / split / f"{stem}_leftImg8bit.png")
            ids = values(stem, len(TABLE))
            fine = root / "gtFine" / split / stem
            grey(fine.with_name(f"{fine.name}_gtFine_labelIds.png"), ids)
            grey(fine.with_name(f"{fine.name}_gtFine_color.png"), _with_alpha(ids))
            grey(fine.with_name(f"{fine.name}_gtFine_instanceIds.png"), ids.astype(np.uint16) * 1000)
            fine.with_name(f"{fine.name}_gtFine_polygons.json").write_text('{"objects": []}')
            masks.setdefault(split, {})[fine.name] = TRAIN_IDS[ids]
    for stem in TEST:
        photo(root / "leftImg8bit" / "test" / f"{stem}_leftImg8bit.png")
    return masks


def _write_alone(root: Path, kind: str, drawn: Callable[[np.ndarray], np.ndarray], kept: np.ndarray) -> Masks:
    """Only one kind of label pictures: `drawn` of the ids, which are `kept` of random ones."""
    masks: Masks = {}
    for split, stems in SPLITS.items():
        for stem in stems:
            photo(root / "leftImg8bit" / split / f"{stem}_leftImg8bit.png")
            ids = kept[values(stem, len(TABLE))]
            grey(root / "gtFine" / split / f"{stem}_gtFine_{kind}.png", drawn(ids))
            masks.setdefault(split, {})[Path(stem).name] = TRAIN_IDS[ids]
    return masks


def write_train_ids(root: Path) -> Masks:
    """Only the pictures that `createTrainIdLabelImgs.py` writes."""
    return _write_alone(root, "labelTrainIds", TRAIN_IDS.__getitem__, IDS)


def write_colors(root: Path) -> Masks:
    """Only the coloured pictures, of four channels; without polegroup, which has the colour of pole."""
    return _write_alone(root, "color", _with_alpha, np.where(IDS == POLEGROUP, 0, IDS))


def _with_alpha(ids: np.ndarray) -> np.ndarray:
    return np.dstack([COLORS[ids], np.full(SIZE, 255, np.uint8)])


ACDC = {
    "train": ("fog", "GOPR0475", "GOPR0475_frame_000041"),
    "val": ("night", "GOPR0356", "GOPR0356_frame_000324"),
    "test": ("snow", "GOPR0604", "GOPR0604_frame_000177"),
}


def write_acdc(root: Path) -> Masks:
    """Conditions above the splits; the frames of test have no labels, and the clear ones (`_ref`) are not read."""
    masks: Masks = {}
    for split, (condition, drive, stem) in ACDC.items():
        inner = Path(condition) / split / drive
        photo(root / "rgb_anon" / inner / f"{stem}_rgb_anon.png")
        photo(root / "rgb_anon" / condition / f"{split}_ref" / drive / f"{stem}_rgb_ref_anon.png")
        if split == "test":
            continue
        ids = values(stem, len(TABLE))
        grey(root / "gt" / inner / f"{stem}_gt_labelIds.png", ids)
        grey(root / "gt" / inner / f"{stem}_gt_labelTrainIds.png", TRAIN_IDS[ids])
        grey(root / "gt" / inner / f"{stem}_gt_labelColor.png", COLORS[ids])
        masks[split] = {stem: TRAIN_IDS[ids]}
    return masks


# IDD's level 3, typed from AutoNUE's anue_labels.py: what each value is among Cityscapes' 19.
LEVEL3 = (0, 255, 1, 9, 11, 12, 17, 18, 255, 13, 14, 15, 255, 255, 3, 4, 255, 255, 7, 6, 5, 255, 2, 255, 8, 10)
IDD = {"train": ("0/frame0029", "1/frame0029", "201/frame0511"), "val": ("0/frame0029",)}


def write_idd(root: Path) -> Masks:
    """Frames are JPEG pictures in its second part; two drives, and two splits, have files of one name."""
    masks: Masks = {}
    level3 = np.array([*LEVEL3, *[VOID] * 230], np.uint8)
    for split, stems in IDD.items():
        for stem in stems:
            photo(root / "leftImg8bit" / split / f"{stem}_leftImg8bit.jpg")
            label = values(split + stem, len(LEVEL3) + 1)
            label[label == len(LEVEL3)] = VOID
            grey(root / "gtFine" / split / f"{stem}_gtFine_labellevel3Ids.png", label)
            masks.setdefault(split, {})[f"{split}/{stem}".replace("/", "_")] = level3[label]
    return masks


REPLICAS = {
    "cityscapes": Replica("cityscapes", "cityscapes19", write_fine, {"test": 2}),
    "cityscapes train ids": Replica("cityscapes", "cityscapes19", write_train_ids, {}),
    "cityscapes colours": Replica("cityscapes", "cityscapes19", write_colors, {}),
    "acdc": Replica("cityscapes", "cityscapes19", write_acdc, {"test": 1}),
    "idd": Replica("cityscapes", "cityscapes19", write_idd, {}),
}
