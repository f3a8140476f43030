"""Bounding boxes over pictures, as the client logs them: in a table among the cells, else in a file of the run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wandb_local.allowance import Allowance

MOST_BOXES = 300  # of one set over one picture
NO_CLASS = -1
_LONGEST_CAPTION = 200
_MOST_SCORES = 8
_LARGEST_CLASS = 1 << 31


@dataclass(frozen=True, slots=True)
class Box:
    """A box. ``corners`` are left, top, right and bottom: in ``pixels``, or as shares of width and height. ``text`` is
    its caption, ``scores`` what else was logged of it."""

    value: int
    corners: tuple[float, float, float, float]
    pixels: bool
    text: str = ""
    scores: str = ""

    def for_browser(self) -> list[Any]:
        """As ``table_boxes.js`` takes it."""
        return [self.value, *self.corners, self.pixels, self.text, self.scores]


def read_boxes(given: object) -> tuple[tuple[Box, ...], int]:
    """The first ``MOST_BOXES`` boxes in a list that the client has written, and how many of its entries are left out:
    those behind them, and those that are no boxes."""
    entries = given if isinstance(given, list) else [None]
    found = tuple(box for entry in entries[:MOST_BOXES] if (box := _box(entry)))
    return found, len(entries) - len(found)


def read_box_file(content: bytes) -> tuple[tuple[Box, ...], int]:
    """The same from a file ``….boxes2D.json``; a damaged file counts as one entry that is no box."""
    try:
        document = Allowance().json(content)
    except (ValueError, RecursionError):
        document = None
    return read_boxes(document.get("box_data") if isinstance(document, dict) else None)


def class_name(value: int, labels: Mapping[int, str]) -> str:
    """The name of a class of boxes, also if it was logged without a name."""
    return labels.get(value) or ("no class" if value == NO_CLASS else f"class {value}")


def _box(entry: Any) -> Box | None:
    try:
        place = entry["position"]
        if "middle" in place:
            (x, y), wide, high = place["middle"], place["width"] / 2, place["height"] / 2
            left, top, right, bottom = x - wide, y - high, x + wide, y + high
        else:
            left, top, right, bottom = (place[name] for name in ("minX", "minY", "maxX", "maxY"))
        corners = (float(left), float(top), float(right), float(bottom))
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    if not all(map(math.isfinite, corners)):
        return None
    value, text = entry.get("class_id"), entry.get("box_caption")
    known = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_CLASS
    return Box(
        value if known else NO_CLASS,
        corners,
        entry.get("domain") == "pixel",
        text[:_LONGEST_CAPTION] if isinstance(text, str) else "",
        _scores(entry.get("scores")),
    )


def _scores(given: object) -> str:
    pairs = list(given.items())[:_MOST_SCORES] if isinstance(given, dict) else []
    return ", ".join(f"{name} {score:.4g}" for name, score in pairs if isinstance(score, int | float))
