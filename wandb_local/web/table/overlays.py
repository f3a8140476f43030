"""The overlay sets of a table's pictures: their classes, with names and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local.allowance import Allowance
from wandb_local.web.table.boxes import class_name
from wandb_local.web.table.cells import Cell, File, Label, OverlaySet, all_pictures
from wandb_local.web.table.masks import MaskCounts
from wandb_local.web.table.palette import carried_colors, class_colors
from wandb_local.web.table.sources import Document, allowed_types

_UNLABELLED = 50  # masks that are looked at for the classes of a set that came without labels


def overlay_sets(document: Document, rows: Sequence[Sequence[Cell]], counts: MaskCounts) -> tuple[OverlaySet, ...]:
    """The sets of masks and boxes over the pictures in ``rows``, what a human said before what a model said."""
    files: dict[str, list[File]] = {}
    used: dict[str, set[int]] = {}
    for picture in all_pictures(rows):
        for name, file in picture.masks.items():
            files.setdefault(name, []).append(file)
        for name, found in picture.boxes.items():
            used.setdefault(name, set()).update(box.value for box in found)
    labelled, boxed = _labels(document, "mask"), _labels(document, "box")
    masks = {
        name: labelled.get(name) or {value: f"class {value}" for value in _values(own, counts)}
        for name, own in files.items()
    }
    boxes = {
        name: {value: class_name(value, known) for value in {*values, *known}}
        for name, values in used.items()
        for known in [boxed.get(name, {})]
    }
    distinct = class_colors(pair for labels in (*masks.values(), *boxes.values()) for pair in labels.items())
    colors = {**distinct, **carried_colors(document.files.about.get("class_colors"))}

    def classes(labels: Mapping[int, str]) -> dict[int, Label]:
        return {value: _label(label, colors[label], distinct[label]) for value, label in sorted(labels.items())}

    names = sorted({*masks, *boxes}, key=set_order)
    return tuple(OverlaySet(name, classes(masks.get(name, {})), classes(boxes.get(name, {}))) for name in names)


def _label(name: str, color: str, distinct: str) -> Label:
    """A class; one that was logged with opacity, such as a veil over what is correct, has no other colour."""
    veiled = color[7:] not in ("", "ff")
    return Label(name, color, color if veiled else distinct)


def _values(files: Sequence[File], counts: MaskCounts) -> list[int]:
    return sorted({value for file in files[:_UNLABELLED] for value in counts(file.md5)})


def set_order(name: str) -> tuple[int, str]:
    """What a human or a file said before what a model said, then all else: the way people compare."""
    lowered = name.lower()
    if any(word in lowered for word in ("truth", "target", "label", "gt", "reference")):
        return 0, lowered
    return (1 if "pred" in lowered else 2), lowered


def _labels(document: Document, what: str) -> dict[str, dict[int, str]]:
    """Class names by value for each set of a ``mask`` or a ``box``, from the columns' types."""
    found: dict[str, dict[int, str]] = {}
    for kind in document.types.values():
        for image in allowed_types(kind):
            params = image.get("params", {})
            if image.get("wb_type") != "image-file":
                continue
            every = _constant(params.get("class_map"))
            layers = _constant(params.get(f"{what}_layers"))
            maps = _constant(params.get(f"{what}_class_maps"))
            for name in {*layers, *maps}:
                known = maps.get(name) or {str(v): every[str(v)] for v in layers.get(name, ()) if str(v) in every}
                pairs = ((str(value), str(label)) for value, label in known.items())
                found.setdefault(str(name), {}).update((int(v), label) for v, label in pairs if v.isdigit())
    return found or _class_file(document, "masks" if what == "mask" else "boxes")


def _constant(param: object) -> dict[str, Any]:
    value = param.get("params", {}).get("val") if isinstance(param, dict) else None
    return value if isinstance(value, dict) else {}


def _class_file(document: Document, overlays: str) -> dict[str, dict[int, str]]:
    """Class names from the file that an image names: tables of older clients describe no columns."""
    found: dict[str, dict[int, str]] = {}
    images = (value for row in document.data for value in row if isinstance(value, dict) and value.get(overlays))
    for image in images:
        classes = image.get("classes")
        file = document.files.find(classes.get("path")) if isinstance(classes, dict) else None
        if file is None:
            continue
        try:
            listed = Allowance().json(document.files.read(file))["class_set"]
            labels = {int(each["id"]): str(each["name"]) for each in listed}
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        return {name: labels for name, _ in named(image[overlays])}
    return found


def named(overlays: object) -> list[tuple[str, Any]]:
    """The masks or the boxes of a logged image, by the names of their sets."""
    return [(str(name), each) for name, each in overlays.items()] if isinstance(overlays, dict) else []
