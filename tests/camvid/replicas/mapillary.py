"""Mapillary Vistas v1.2 and v2.0: palette pictures, whose values a configuration names; frames of several sizes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.camvid.replicas.drawing import VOID, Masks, Replica, photo, values, with_palette

SPLITS = {"training": "train", "validation": "val"}
STEMS = {
    "training": ("_8hHmCWrStWEDtxRG2ITcA", "-0mZe5kTsSCGGWTFFYUFOw", "0035fkbjWljhaftpVM37-g"),
    "validation": ("_1Gn",),
}
SIZES = ((48, 64), (64, 48), (48, 80))  # 4:3, upright, 16:10

# v1.2 in its order, the colours of a few typed as they are published; the last one is void.
NAMES = (
    *("animal--bird", "animal--ground-animal", "construction--barrier--curb", "construction--barrier--fence"),
    *("construction--barrier--guard-rail", "construction--barrier--other-barrier", "construction--barrier--wall"),
    *("construction--flat--bike-lane", "construction--flat--crosswalk-plain", "construction--flat--curb-cut"),
    *("construction--flat--parking", "construction--flat--pedestrian-area", "construction--flat--rail-track"),
    *("construction--flat--road", "construction--flat--service-lane", "construction--flat--sidewalk"),
    *("construction--structure--bridge", "construction--structure--building", "construction--structure--tunnel"),
    *("human--person", "human--rider--bicyclist", "human--rider--motorcyclist", "human--rider--other-rider"),
    *("marking--crosswalk-zebra", "marking--general", "nature--mountain", "nature--sand", "nature--sky"),
    *("nature--snow", "nature--terrain", "nature--vegetation", "nature--water", "object--banner", "object--bench"),
    *("object--bike-rack", "object--billboard", "object--catch-basin", "object--cctv-camera", "object--fire-hydrant"),
    *("object--junction-box", "object--mailbox", "object--manhole", "object--phone-booth", "object--pothole"),
    *("object--street-light", "object--support--pole", "object--support--traffic-sign-frame"),
    *("object--support--utility-pole", "object--traffic-light", "object--traffic-sign--back"),
    *("object--traffic-sign--front", "object--trash-can", "object--vehicle--bicycle", "object--vehicle--boat"),
    *("object--vehicle--bus", "object--vehicle--car", "object--vehicle--caravan", "object--vehicle--motorcycle"),
    *("object--vehicle--on-rails", "object--vehicle--other-vehicle", "object--vehicle--trailer"),
    *("object--vehicle--truck", "object--vehicle--wheeled-slow", "void--car-mount", "void--ego-vehicle"),
    "void--unlabeled",
)

# Some of v2.0's 124 in their order, with the class of v1.2 that each one refines.
FINER = {
    "animal--bird": "animal--bird",
    "construction--barrier--road-median": "construction--barrier--other-barrier",
    "construction--flat--driveway": "construction--flat--service-lane",
    "construction--flat--road": "construction--flat--road",
    "human--person--individual": "human--person",
    "human--person--person-group": "human--person",
    "marking--continuous--dashed": "marking--general",
    "marking--discrete--crosswalk-zebra": "marking--crosswalk-zebra",
    "marking-only--discrete--text": "marking--general",
    "object--parking-meter": None,
    "object--sign--store": "object--billboard",
    "object--traffic-light--pedestrians": "object--traffic-light",
    "object--traffic-sign--direction-front": "object--traffic-sign--front",
    "object--vehicle--vehicle-group": "object--vehicle--car",
    "void--dynamic": None,
    "void--unlabeled": None,
}


def _configuration(path: Path, names: Sequence[str]) -> np.ndarray:
    """Writes it, and gives the palette."""
    colors = np.random.default_rng(5).integers(0, 256, (256, 3))
    labels = [
        {
            "name": name,
            "readable": name.split("--")[-1].replace("-", " ").title(),
            "color": colors[value].tolist(),
            "instances": name.startswith(("object--vehicle", "human")),
            "evaluate": name != "void--unlabeled",
        }
        for value, name in enumerate(names)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"labels": labels, "version": "1.1", "mapping": "public", "folder_structure": "…"}))
    return colors


def _write(root: Path, config: str, folder: str, names: Sequence[str], known: np.ndarray) -> Masks:
    colors = _configuration(root / config, names)
    masks: Masks = {}
    for split, key in SPLITS.items():
        for number, stem in enumerate(STEMS[split]):
            size = SIZES[number % len(SIZES)]
            photo(root / split / "images" / f"{stem}.jpg", size)
            label = values(stem, len(names), size)
            with_palette(root / split / folder / "labels" / f"{stem}.png", label, colors)
            with_palette(root / split / folder / "instances" / f"{stem}.png", label, colors)
            masks.setdefault(key, {})[stem] = known[label]
    photo(root / "testing" / "images" / "zzzz.jpg")
    return masks


def write_v12(root: Path) -> Masks:
    known = np.array([*range(65), VOID], np.uint8)
    return _write(root, "config.json", "", NAMES, known)


def write_v20(root: Path) -> Masks:
    """Its own labels beside those of v1.2, which its archive has too."""
    write_v12(root)
    (root / "config.json").rename(root / "config_v1.2.json")
    for split in SPLITS:
        (root / split / "v1.2").mkdir()
        for kind in ("labels", "instances"):
            (root / split / kind).rename(root / split / "v1.2" / kind)
    known = np.array([NAMES.index(name) if name else VOID for name in FINER.values()], np.uint8)
    return _write(root, "config_v2.0.json", "v2.0", list(FINER), known)


REPLICAS = {
    "mapillary v1.2": Replica("mapillary", "mapillary65", write_v12, {"test": 1}),
    "mapillary v2.0": Replica("mapillary", "mapillary65", write_v20, {"test": 1}),
}
