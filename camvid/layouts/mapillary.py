"""Mapillary Vistas: `training/`, `validation/`, `testing/` with `images/*.jpg` and `labels/*.png`, and `config*.json`.

The configuration names the values in their order. v2.0 keeps its labels in `v2.0/labels`, beside those of v1.2; where
both are there, the newer ones are taken. Frames differ in size, and each is of a place of its own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from camvid.labels import Labels, index_labels
from camvid.layouts.layout import Layout, built_in
from camvid.layouts.scan import Scan
from camvid.layouts.trees import Tree, scan_trees
from camvid.taxonomy import Taxonomy
from camvid.words import in_words_of
from files.jsons import read_json

SPLITS = {"train": "training", "val": "validation", "test": "testing"}
VERSIONS = ("v2.0/labels", "v1.2/labels", "labels")
ONE_VERSION = "the labels of other splits lie in {}/; one version is needed in all"


def scan_mapillary(root: Path, layout: str) -> Scan:
    """Frames with the labels that most splits have, of several versions the newest."""
    held = {folder: _versions(root / folder) for folder in SPLITS.values()}
    taken = max(VERSIONS, key=lambda version: sum(version in found for found in held.values()))
    trees = [Tree(split, root / folder / "images", root / folder / taken) for split, folder in SPLITS.items()]
    scan = scan_trees(root, layout, trees, ("", ""), lambda name: name)
    others = [root / folder / found[0] for folder, found in held.items() if found and taken not in found]
    return replace(scan, faults=(*scan.faults, *(f"{path}: {ONE_VERSION.format(taken)}" for path in others)))


def _versions(folder: Path) -> list[str]:
    return [version for version in VERSIONS if (folder / version).is_dir()]


def mapillary_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Values in the order of the configuration. Raises ValueError or FileNotFoundError naming it."""
    path = _config(scan)
    names = _names(path)
    return index_labels(in_words_of(taxonomy, names), names, str(path))


def _config(scan: Scan) -> Path:
    """The configuration of the version of the labels: config_v2.0.json, or just config.json."""
    version = scan.masks[0].parent.parent.name
    own = scan.root / f"config_{version if version.startswith('v') else 'v1.2'}.json"
    plain = scan.root / "config.json"
    if not own.is_file() and not plain.is_file():
        raise FileNotFoundError(f"{own}: missing; it names the label values, and comes with the data set")
    return own if own.is_file() else plain


def _names(path: Path) -> tuple[str, ...]:
    data = read_json(path)
    try:
        names = tuple(str(label["name"]) for label in data["labels"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: not Mapillary's configuration, whose labels each have a name ({error})") from error
    if not 1 <= len(set(names)) == len(names) <= 256:
        raise ValueError(f"{path}: 1 to 256 labels with different names are needed, got {len(names)}")
    return names


MAPILLARY = Layout(
    "mapillary",
    ("training/images/", "config*.json"),
    scan_mapillary,
    mapillary_labels,
    ("training/images/x.jpg", "training/labels/x.png"),
    built_in("mapillary65"),
    tuple(("training/images/x.jpg", f"training/{version}/x.png") for version in VERSIONS[:2]),
)
