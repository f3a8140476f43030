"""Cityscapes, and what has its form: IDD, ACDC and Dark Zurich.

- Frames: `leftImg8bit/<split>/<city>/*_leftImg8bit.png`, labels: `gtFine/<split>/<city>/*_gtFine_labelIds.png`.
- ACDC: `rgb_anon/<condition>/<split>/<sequence>/*_rgb_anon.png` and `gt/…/*_gt_labelIds.png`.
- IDD: as Cityscapes, with the labels that its `createLabels.py` draws.

The kind of labels that most splits have is taken, of several the first. Polygons, instance ids and coarse labels are
passed over.
Source of names and values: cityscapesScripts, helpers/labels.py; AutoNUE public-code, helpers/anue_labels.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from camvid.composites.cityscapes import COLORS
from camvid.labels import Labels, color_labels, index_labels
from camvid.layouts.layout import Layout, any_form, built_in
from camvid.layouts.scan import SPLITS, Scan
from camvid.layouts.trees import Tree, keyed, scan_trees
from camvid.taxonomy import Taxonomy
from camvid.words import in_words_of

# Of the value 0, 1, …
IDS = (
    *("unlabeled", "ego vehicle", "rectification border", "out of roi", "static", "dynamic", "ground"),
    *("road", "sidewalk", "parking", "rail track", "building", "wall", "fence", "guard rail", "bridge", "tunnel"),
    *("pole", "polegroup", "traffic light", "traffic sign", "vegetation", "terrain", "sky", "person", "rider"),
    *("car", "truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle"),
)
TRAIN_IDS = (
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation"),
    *("terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"),
)
IDD_IDS = (
    *("road", "parking", "drivable fallback", "sidewalk", "rail track", "non-drivable fallback", "person", "animal"),
    *("rider", "motorcycle", "bicycle", "autorickshaw", "car", "truck", "bus", "caravan", "trailer", "train"),
    *("vehicle fallback", "curb", "wall", "fence", "guard rail", "billboard", "traffic sign", "traffic light"),
    *("pole", "polegroup", "obs-str-bar-fallback", "building", "bridge", "tunnel", "vegetation", "sky"),
    *("fallback background", "unlabeled", "ego vehicle", "rectification border", "out of roi"),
)
IDD_LEVEL3 = (
    *("road", "drivable fallback", "sidewalk", "non-drivable fallback", "person", "rider", "motorcycle", "bicycle"),
    *("autorickshaw", "car", "truck", "bus", "vehicle fallback", "curb", "wall", "fence", "guard rail", "billboard"),
    *("traffic sign", "traffic light", "pole", "obs-str-bar-fallback", "building", "bridge", "vegetation", "sky"),
)
# What the name of a label picture ends with -> the names of its values; None where it holds Cityscapes' colours.
ENCODINGS: dict[str, tuple[str, ...] | None] = {
    "_labelIds": IDS,
    "_labelTrainIds": TRAIN_IDS,
    "_labelcsIds": IDS,
    "_labelcsTrainIds": TRAIN_IDS,
    "_labelids": IDD_IDS,
    "_labellevel3Ids": IDD_LEVEL3,
    "_color": None,
    "_labelColor": None,
}
# Folders of frames and of labels; with the ending of a frame's name, and the beginning of a label's.
FORMS = (
    ("leftImg8bit", "gtFine", "_leftImg8bit", "_gtFine"),
    ("rgb_anon", "gt", "_rgb_anon", "_gt"),
    ("rgb_anon_trainvaltest/rgb_anon", "gt_trainval/gt", "_rgb_anon", "_gt"),
)


def scan_cityscapes(root: Path, layout: str) -> Scan:
    """Frames of the first form that is there, with the kind of labels that most splits have."""
    images, masks, frame_ending, beginning = next(form for form in FORMS if (root / form[0]).is_dir())
    trees = list(_trees(root / images, root / masks))
    endings = [f"{beginning}{ending}" for ending in ENCODINGS]
    held = {tree.masks: _kinds(tree.masks, endings) for tree in trees}
    taken = max(endings, key=lambda end: sum(end in found for found in held.values()))
    scan = scan_trees(root, layout, trees, (frame_ending, taken), _sequence)
    return replace(scan, faults=(*scan.faults, *_other_kinds(held, taken)))


def _kinds(masks: Path, endings: Iterable[str]) -> set[str]:
    """With which of the endings the names of labels in a folder end."""
    names = list(keyed(masks, ""))
    return {ending for ending in endings if any(name.endswith(ending) for name in names)}


def _other_kinds(held: Mapping[Path, Collection[str]], taken: str) -> Iterator[str]:
    """A line for each folder of labels, all of which are of other kinds than those that are taken."""
    first = next((folder for folder, endings in held.items() if taken in endings), None)
    for folder, endings in held.items():
        if endings and taken not in endings:
            others = " and ".join(f"*{ending}.png" for ending in sorted(endings))
            yield f"{folder}: its labels are {others}, and those of {first} are *{taken}.png; one kind is needed"


def cityscapes_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Values or colours, as the names of the label pictures say."""
    stem = scan.masks[0].stem
    ending = next(ending for ending in ENCODINGS if stem.endswith(ending))
    origin = f"{scan.root}: Cityscapes' list of *{ending}.png"
    names = ENCODINGS[ending]
    if names is None:
        return color_labels(in_words_of(taxonomy, COLORS), COLORS, origin)
    return index_labels(in_words_of(taxonomy, names), names, origin)


def _trees(images: Path, masks: Path) -> Iterator[Tree]:
    """A tree for each split, or for each split of each condition (fog, night, …)."""
    for split in SPLITS:
        for folder in sorted([images / split, *images.glob(f"*/{split}")]):
            if folder.is_dir():
                yield Tree(split, folder, masks / folder.relative_to(images))


def _sequence(name: str) -> str:
    """City and sequence of aachen_000000_000019: the frame's number comes last."""
    return name.rpartition("_")[0] or name


CITYSCAPES = Layout(
    "cityscapes",
    any_form(FORMS),
    scan_cityscapes,
    cityscapes_labels,
    ("leftImg8bit/{split}/*/x_leftImg8bit.png", "gtFine/{split}/*/x_gtFine_labelIds.png"),
    built_in("cityscapes19"),
    (
        ("rgb_anon/*/{split}/*/x_rgb_anon.png", "gt/*/{split}/*/x_gt_labelIds.png"),
        ("rgb_anon_trainvaltest/rgb_anon/*/{split}/*/x_rgb_anon.png", "gt_trainval/gt/*/{split}/*/x_gt_labelIds.png"),
    ),
)
