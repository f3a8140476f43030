"""Masks over the pictures of a run: which there are, and the colours of their classes."""

import json
from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from wandb_local.database import Row
from wandb_local.web.media import run_file_url
from wandb_local.web.table.palette import class_colors

_DELIMITER = "_wandb_delimeter_"  # as the client spells it
_VALUES = 256


def mask_names(items: list[dict[str, Any]]) -> list[str]:
    """The names of the masks that pictures have."""
    return list(dict.fromkeys(name for item in items for name in _masks(item)))


def with_masks(picture: Component, run: Row, params: Mapping[str, str], item: Mapping[str, Any], key: str) -> Component:
    """The picture under a canvas, onto which ``gallery.js`` draws the mask that is chosen, and what colours mean."""
    found = _masks(item)
    if not found:
        return picture
    place = (params["entity"], params["project"], run["name"])
    labels = {name: _labels(run, key, name) for name in found}
    colors = class_colors((value, label) for named in labels.values() for value, label in named.items())
    sets = {
        name: {
            "url": run_file_url(*place, path),
            "colors": [colors[labels[name][value]] for value in range(_VALUES)],
        }
        for name, path in found.items()
    }
    known = {label: colors[label] for named in labels.values() for label in named.values() if not label.startswith("#")}
    legend = [
        html.Li([html.Span(className="swatch", style={"backgroundColor": color}), label])
        for label, color in known.items()
    ]
    canvas = html.Canvas(className="mask", **{"aria-hidden": "true"})
    layers = html.Div([picture, canvas], className="masked", **{"data-masks": json.dumps(sets)})
    return html.Div([layers, html.Ul(legend, className="classes")])


def _masks(item: Mapping[str, Any]) -> dict[str, str]:
    """The paths of a picture's masks, by name."""
    masks = item.get("masks")
    pairs = masks.items() if isinstance(masks, dict) else ()
    return {str(n): mask["path"] for n, mask in pairs if isinstance(mask, dict) and isinstance(mask.get("path"), str)}


def _labels(run: Row, key: str, name: str) -> dict[int, str]:
    """The label of every value that a mask may hold; ``#7`` where the client was told none."""
    internal = json.loads(run["config"]).get("_wandb")
    noted = internal.get("value") if isinstance(internal, dict) else None
    entries = noted.get("mask/class_labels") if isinstance(noted, dict) else None
    entry = entries.get(f"{key}{_DELIMITER}{name}") if isinstance(entries, dict) else None
    given = entry.get("value") if isinstance(entry, dict) else None
    labels = given if isinstance(given, dict) else {}
    return {value: str(labels.get(str(value), f"#{value}")) for value in range(_VALUES)}
