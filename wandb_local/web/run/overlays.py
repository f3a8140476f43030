"""Masks and boxes over the pictures of a run: which there are, and the colours of their classes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records import files
from wandb_local.store.database import Row
from wandb_local.web.documents import noted
from wandb_local.web.media import run_file_url
from wandb_local.web.table.boxes import Box, class_name, read_box_file
from wandb_local.web.table.media import named
from wandb_local.web.table.overlays import set_order
from wandb_local.web.table.palette import class_colors

_DELIMITER = "_wandb_delimeter_"  # as the client spells it
_VALUES = 256
_LARGEST = 5 << 20  # bytes of a file of boxes


def overlay_names(items: Iterable[Mapping[str, Any]], kind: str) -> list[str]:
    """The names of the ``masks`` or the ``boxes`` that pictures have."""
    return sorted({name for item in items for name in _paths(item, kind)}, key=set_order)


def with_overlays(
    context: Context, picture: Component, run: Row, params: Mapping[str, str], item: Mapping[str, Any], key: str
) -> Component:
    """The picture under two canvases, onto which ``gallery.js`` draws the mask and the boxes that are chosen, what
    colours mean, and which boxes cannot be shown."""
    masks, paths = _paths(item, "masks"), _paths(item, "boxes")
    if not masks and not paths:
        return picture
    read = {name: _read(context, run, path) for name, path in paths.items()}
    labels = {name: _mask_labels(run, key, name) for name in masks}
    classes = {name: _box_labels(run, key, name, boxes) for name, (boxes, _) in read.items()}
    every = [*labels.values(), *classes.values()]
    colors = class_colors((value, label) for each in every for value, label in each.items())
    place = (params["entity"], params["project"], run["name"])
    drawn = {
        "masks": {
            name: {"url": run_file_url(*place, path), "colors": [colors[label] for label in labels[name].values()]}
            for name, path in masks.items()
        },
        "boxes": {
            name: {
                "boxes": [box.for_browser() for box in boxes],
                "classes": {value: {"name": label, "color": colors[label]} for value, label in classes[name].items()},
            }
            for name, (boxes, _) in read.items()
        },
    }
    layers = html.Div(
        [picture, _canvas("mask"), _canvas("boxes")], className="overlaid", **{"data-overlays": json.dumps(drawn)}
    )
    known = {label: colors[label] for each in every for label in each.values() if not label.startswith("#")}
    lost = [html.P(f"{name}: {fault}", className="soft") for name, (_, fault) in read.items() if fault]
    return html.Div([layers, html.Ul(_legend(known), className="classes"), *lost])


def _canvas(kind: str) -> Component:
    return html.Canvas(className=kind, **{"aria-hidden": "true"})


def _legend(colors: Mapping[str, str]) -> Sequence[Component]:
    return [
        html.Li([html.Span(className="swatch", style={"backgroundColor": color}), label])
        for label, color in colors.items()
    ]


def _paths(item: Mapping[str, Any], kind: str) -> dict[str, str]:
    """The paths of a picture's ``masks`` or ``boxes``, by name."""
    pairs = sorted(named(item.get(kind)), key=lambda pair: set_order(pair[0]))
    return {name: each["path"] for name, each in pairs if isinstance(each, dict) and isinstance(each.get("path"), str)}


def _read(context: Context, run: Row, path: str) -> tuple[Sequence[Box], str]:
    """The boxes in a file of the run, and a note on boxes that cannot be shown."""
    md5 = files.of_run(context.db, run["id"]).digest(path)
    if md5 is None:
        return (), "these boxes have not been uploaded yet"
    try:
        file = context.blobs.path(md5)
        boxes, lost = read_box_file(file.read_bytes()) if file.stat().st_size <= _LARGEST else ((), 1)
    except OSError:
        return (), "these boxes are not stored here"
    if not boxes:
        return (), "these boxes are damaged" if lost else ""
    return boxes, f"{lost} boxes are not shown, because they are damaged or too many" if lost else ""


def _logged_labels(run: Row, kind: str, key: str, name: str) -> dict[str, Any]:
    """The names of classes that were logged with the masks (``mask``) or boxes (``bounding_box``) of a name."""
    entries = noted(run, f"{kind}/class_labels")
    entry = entries.get(f"{key}{_DELIMITER}{name}") if isinstance(entries, dict) else None
    given = entry.get("value") if isinstance(entry, dict) else None
    return given if isinstance(given, dict) else {}


def _mask_labels(run: Row, key: str, name: str) -> dict[int, str]:
    """The label of every value of a mask; ``#7`` if the value 7 has no label."""
    labels = _logged_labels(run, "mask", key, name)
    return {value: str(labels.get(str(value), f"#{value}")) for value in range(_VALUES)}


def _box_labels(run: Row, key: str, name: str, boxes: Iterable[Box]) -> dict[int, str]:
    """The label of every class that has a box."""
    given = _logged_labels(run, "bounding_box", key, name)
    labels = {int(value): str(label) for value, label in given.items() if value.isdigit()}
    return {value: class_name(value, labels) for value in sorted({box.value for box in boxes})}
