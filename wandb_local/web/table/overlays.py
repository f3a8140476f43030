"""The overlay sets of a table's pictures: their classes, with names and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any

from wandb_local.web.table.boxes import class_name
from wandb_local.web.table.cells import Label, OverlaySet, Picture
from wandb_local.web.table.masks import MaskCounts
from wandb_local.web.table.media import Classes
from wandb_local.web.table.palette import carried_colors, class_colors
from wandb_local.web.table.sources import Document
from wandb_local.web.table.types import allowed_types

_UNLABELLED = 50  # masks that are looked at for the classes of a set that came without labels


def overlay_sets(document: Document, counts: MaskCounts) -> tuple[OverlaySet, ...]:
    """The sets of masks and boxes over the pictures of a table, what a human said before what a model said."""
    pictures = [picture for media in document.media for picture in media.pictures]
    masked = dict.fromkeys(chain.from_iterable(picture.masks for picture in pictures))
    used: dict[str, set[int]] = {}
    for picture in pictures:
        for name, found in picture.boxes.items():
            used.setdefault(name, set()).update(box.value for box in found)
    labelled, boxed = _labels(document, "mask"), _labels(document, "box")
    masks = {
        name: labelled.get(name) or {value: f"class {value}" for value in _values(name, pictures, counts)}
        for name in masked
    }
    boxes = {
        name: {value: class_name(value, known) for value in {*values, *known}}
        for name, values in used.items()
        for known in [boxed.get(name, {})]
    }
    distinct = class_colors(pair for labels in (*masks.values(), *boxes.values()) for pair in labels.items())
    colors = {**distinct, **carried_colors(document.media[0].files.about.get("class_colors"))}

    def classes(labels: Mapping[int, str]) -> dict[int, Label]:
        return {value: _label(label, colors[label], distinct[label]) for value, label in sorted(labels.items())}

    names = sorted({*masks, *boxes}, key=set_order)
    return tuple(OverlaySet(name, classes(masks.get(name, {})), classes(boxes.get(name, {}))) for name in names)


def _label(name: str, color: str, distinct: str) -> Label:
    """A class; one that was logged with opacity, such as a veil over what is correct, has no other colour."""
    veiled = color[7:] not in ("", "ff")
    return Label(name, color, color if veiled else distinct)


def _values(name: str, pictures: Sequence[Picture], counts: MaskCounts) -> list[int]:
    files = islice((picture.masks[name] for picture in pictures if name in picture.masks), _UNLABELLED)
    return sorted({value for file in files for value in counts(file.md5)})


def set_order(name: str) -> tuple[int, str]:
    """The order of overlays for a comparison: ground truth first, then predictions, then all others."""
    lowered = name.lower()
    if any(word in lowered for word in ("truth", "target", "label", "gt", "reference")):
        return 0, lowered
    return (1 if "pred" in lowered else 2), lowered


def _labels(document: Document, what: str) -> Classes:
    """Class names by value for each set of a ``mask`` or a ``box``, from the columns' types."""
    found: Classes = {}
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
    listed = (media.classes.get("masks" if what == "mask" else "boxes") for media in document.media)
    return found or next(filter(None, listed), {})


def _constant(param: object) -> dict[str, Any]:
    value = param.get("params", {}).get("val") if isinstance(param, dict) else None
    return value if isinstance(value, dict) else {}
