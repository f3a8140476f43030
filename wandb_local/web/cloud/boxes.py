"""Boxes and vectors in a logged point cloud."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations, product
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

MOST_BOXES = 300
MOST_VECTORS = 1_000
COLOR = "#ffffff"  # of a box that was logged without one
_LONGEST_LABEL = 200
_LARGEST = 1e30
_BITS = np.array(list(product((0, 1), repeat=3)), np.float64)  # (8, 3), as `wandb.box3d` orders the corners
_TRIPLES = np.array(list(combinations(range(1, 8), 3)))  # (35, 3)
_CLOSE = 0.01  # of the diagonal: how far a corner may lie from where that of a box would

Point: TypeAlias = tuple[float, float, float]
Vector: TypeAlias = tuple[Point, Point]
_Read = TypeVar("_Read")


class Box(NamedTuple):
    """A box: corners (8, 3), in which two whose indexes differ in one bit share an edge; colour; label with score."""

    corners: NDArray[np.float64]
    color: str
    text: str


def read_boxes(given: object) -> tuple[tuple[Box, ...], int]:
    """The first ``MOST_BOXES`` boxes of a list, and how many of its entries are left out: the damaged ones, too."""
    return _read(given, _box, MOST_BOXES)


def read_vectors(given: object) -> tuple[tuple[Vector, ...], int]:
    """The first ``MOST_VECTORS`` vectors, each its start and its end, and how many entries are left out."""
    return _read(given, _vector, MOST_VECTORS)


def _read(given: object, read: Callable[[Any], _Read], most: int) -> tuple[tuple[_Read, ...], int]:
    entries = given if isinstance(given, list) else []
    found = []
    for entry in entries[:most]:
        try:
            found.append(read(entry))
        except (KeyError, TypeError, ValueError):
            continue
    return tuple(found), len(entries) - len(found)


def _box(entry: Any) -> Box:
    corners = _places(entry["corners"], 8)
    label, score = entry.get("label"), entry.get("score")
    parts = [label[:_LONGEST_LABEL] if isinstance(label, str) else "", _score(score)]
    return Box(in_order(corners), _color(entry.get("color")), " ".join(filter(None, parts)))


def _vector(entry: Any) -> Vector:
    start, end = _places([entry["start"], entry["end"]], 2).tolist()
    return tuple(start), tuple(end)


def _places(given: object, number: int) -> NDArray[np.float64]:
    places = np.array(given, np.float64)
    if places.shape != (number, 3) or not (np.abs(places) < _LARGEST).all():
        raise ValueError("no points in space")
    return places


def _score(score: object) -> str:
    known = isinstance(score, int | float) and not isinstance(score, bool) and math.isfinite(score)
    return f"{score:.4g}" if known else ""


def _color(given: object) -> str:
    """``#rrggbb`` from numbers up to 1, as `wandb.box3d` takes them, or up to 255, as W&B's guide shows them."""
    try:
        color = np.array(given, np.float64)
    except (TypeError, ValueError):
        return COLOR
    if color.shape != (3,) or not np.isfinite(color).all():
        return COLOR
    scaled = np.clip(color * (255 if color.max() <= 1 else 1), 0, 255).round().astype(np.uint8)
    return f"#{scaled.tobytes().hex()}"


def in_order(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners (8, 3) of a box in the order of `wandb.box3d`, whatever their order is: W&B's guide uses another.

    The three edges at the first corner are those at right angles to each other that lead, one after the other, to the
    opposite corner, which lies behind the centre. What is no box stays as it is.
    """
    first = corners[0]
    opposite = 2 * (corners.mean(axis=0) - first)
    triples = (corners - first)[_TRIPLES]  # (35, 3, 3): three vectors each
    inner = triples @ triples.transpose(0, 2, 1)
    slant = np.abs(inner[:, (0, 0, 1), (1, 2, 2)]).sum(axis=1)
    beside = ((triples.sum(axis=1) - opposite) ** 2).sum(axis=1)
    edges = triples[np.argmin(slant + beside)]
    wanted = first + _BITS @ edges
    distances = np.linalg.norm(wanted[:, None] - corners, axis=2)
    order = distances.argmin(axis=1)
    is_box = len({*order.tolist()}) == 8 and distances.min(axis=1).max() <= _CLOSE * np.linalg.norm(opposite)
    return corners[order] if is_box else corners
