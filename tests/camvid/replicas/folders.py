"""Pairs of folders as tools and people leave them: the same three classes and void in every form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tests.camvid.replicas.drawing import VOID, Masks, grey, photo, values, with_palette

NAMES = ("road", "person", "sky")
COLORS = np.array([(128, 64, 128), (220, 20, 60), (70, 130, 180), (0, 0, 0)], np.uint8)  # the last is void
SPLITS = {"train": ("cam1_001", "cam1_002", "cam2_001"), "val": ("cam3_001", "cam3_002")}
DICT = "name,r,g,b\nroad,128,64,128\nperson,220,20,60\nsky,70,130,180\nVoid,0,0,0\n"
LABELMAP = "# label:color_rgb:parts:actions\nVoid:0,0,0::\nroad:128,64,128::\nperson:220,20,60::\nsky:70,130,180::\n"


def codes(name: str) -> np.ndarray:
    """0 to 2 for the classes, 3 for void."""
    return values(name, 4)


def masked(stem: str) -> np.ndarray:
    return np.where(codes(stem) == 3, VOID, codes(stem)).astype(np.uint8)


def expected(named: dict[str, tuple[str, ...]]) -> Masks:
    return {split: {stem: masked(stem) for stem in stems} for split, stems in named.items()}


def each(named: dict[str, tuple[str, ...]] = SPLITS) -> Iterator[tuple[str, str]]:
    return ((split, stem) for split, stems in named.items() for stem in stems)


def write_plain(root: Path) -> Masks:
    """Values with 255, split lists."""
    for _, stem in each():
        photo(root / "images" / f"{stem}.jpg")
        grey(root / "masks" / f"{stem}.png", masked(stem))
    for split, stems in SPLITS.items():
        (root / f"{split}.txt").write_bytes(("\ufeff" + "\r\n".join(f"{stem}.jpg" for stem in stems)).encode())
    (root / "classes.txt").write_bytes(("\ufeff" + "\r\n".join(NAMES) + "\r\n").encode())
    return expected(SPLITS)


def relabelled(root: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """The plain one, whose masks are `change` of their values."""
    write_plain(root)
    for _, stem in each():
        grey(root / "masks" / f"{stem}.png", change(masked(stem)))


def write_colors(root: Path) -> Masks:
    """Colours, a folder for each split below, frames in TIFF."""
    for split, stem in each():
        photo(root / "images" / split / f"{stem}.TIF")
        grey(root / "labels" / split / f"{stem}.PNG", COLORS[codes(stem)])
    (root / "class_dict.csv").write_bytes(("\ufeff" + DICT.replace("\n", "\r\n")).encode())
    return expected(SPLITS)


def write_above(root: Path) -> Masks:
    """A palette, a folder for each split above, a test split without labels."""
    for split, stem in each():
        folder = root / {"train": "train", "val": "valid"}[split]
        photo(folder / "images" / f"{stem}.png")
        with_palette(folder / "masks" / f"{stem}.png", codes(stem), COLORS)
    photo(root / "test" / "images" / "cam9_001.png")
    (root / "labelmap.txt").write_text(LABELMAP)
    return expected(SPLITS)


def write_roboflow(root: Path) -> Masks:
    """Frames and labels beside each other."""
    for split, stem in each():
        folder = root / {"train": "train", "val": "valid"}[split]
        photo(folder / f"{stem}_jpg.rf.ab12.jpg")
        grey(folder / f"{stem}_jpg.rf.ab12_mask.png", codes(stem))
        (folder / "_classes.csv").write_text("Pixel Value, Class\n0, road\n1, person\n2, sky\n3, unlabeled\n")
    long = {split: tuple(f"{stem}_jpg.rf.ab12" for stem in stems) for split, stems in SPLITS.items()}
    return {split: {name: masked(name.split("_jpg")[0]) for name in names} for split, names in long.items()}


def write_cvat(root: Path) -> Masks:
    """Colours of labelmap.txt, one list of all frames: no split."""
    (root / "ImageSets" / "Segmentation").mkdir(parents=True)
    (root / "ImageSets" / "Segmentation" / "default.txt").write_text("\n".join(stem for _, stem in each()))
    for _, stem in each():
        photo(root / "JPEGImages" / f"{stem}.jpg")
        grey(root / "SegmentationClass" / f"{stem}.png", COLORS[codes(stem)])
    (root / "labelmap.txt").write_text(LABELMAP)
    return expected({"": tuple(stem for _, stem in each())})


def write_sixteen_bits(root: Path) -> Masks:
    """Values of COCO's categories in 16 bits, some of them high, and folders within folders."""
    ids = np.array([7, 300, 24, 0], np.uint16)
    for split, stem in each():
        photo(root / "images" / split / "city" / f"{stem}.jpg")
        grey(root / "annotations" / split / "city" / f"{stem}.png", ids[codes(stem)])
    listed = [{"id": int(ids[place]), "name": name} for place, name in enumerate((*NAMES, "void"))]
    (root / "categories.json").write_text(json.dumps({"categories": listed}))
    return expected(SPLITS)


def write_numbers(root: Path) -> Masks:
    """No list, but a taxonomy that collects values by their numbers; names with endings of their own."""
    for split, stem in each():
        photo(root / "images" / split / f"{stem}_image.png")
        path = root / "masks" / split / f"{stem}_gt.bmp"
        grey(path, np.where(codes(stem) == 3, VOID, codes(stem) * 9).astype(np.uint8))
    lines = [f"  - {{name: {name}, color: [{i}, 9, 9], collects: ['{9 * i}']}}\n" for i, name in enumerate(NAMES)]
    (root / "taxonomy.yaml").write_text("name: own\nclasses:\n" + "".join(lines))
    return {split: {f"{stem}_": masked(stem) for stem in stems} for split, stems in SPLITS.items()}


def write_strange_names(root: Path) -> Masks:
    """Names that shells, addresses and other systems read otherwise, which tell no drive."""
    names = ("a b.c", "größe", "50% off", "no#1", "東京", "x'y", "-dash", "q&a", "(1)", "UPPER")
    for name in names:
        photo(root / "Images" / f"{name}.JPG")
        picture = Image.fromarray(masked(name))
        (root / "Masks").mkdir(exist_ok=True)
        picture.save(root / "Masks" / f"{name}.PNG")
    (root / "classes.txt").write_text("\n".join(NAMES))
    return expected({"": names})


VARIANTS: dict[str, Callable[[Path], Masks]] = {
    "plain": write_plain,
    "colours": write_colors,
    "splits above": write_above,
    "roboflow": write_roboflow,
    "cvat": write_cvat,
    "sixteen bits": write_sixteen_bits,
    "numbers": write_numbers,
    "strange names": write_strange_names,
}
