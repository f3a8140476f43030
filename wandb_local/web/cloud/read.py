"""Point clouds as the wandb client writes them, in a file ``….pts.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wandb_local.limits import MAX_CLOUD_POINTS, MAX_CLOUD_VALUES, TooLargeError, check_json
from wandb_local.web.cloud.boxes import Box, Vector, read_boxes, read_vectors

ENDING = ".pts.json"
_WIDTHS = (3, 4, 6)  # x y z, and nothing more, or a class, or red green blue
_LARGEST = 1e30  # a coordinate that the browser's floats of 32 bits can work with
_CLASS = np.iinfo(np.int16)


class CloudError(ValueError):
    """The file is no cloud that can be shown; the message is for people."""


@dataclass(frozen=True)
class Cloud:
    """The points to draw, at most ``MAX_CLOUD_POINTS``, of those that were logged.

    ``points`` is (N, 3) float64, in the units of the log. ``colors`` is (N, 3) uint8, ``classes`` (N,) int16, or None.
    ``lost`` of the ``logged`` points have no finite place. ``lost_boxes`` counts the boxes and vectors left out.
    """

    points: NDArray[np.float64]
    colors: NDArray[np.uint8] | None
    classes: NDArray[np.int16] | None
    logged: int
    lost: int
    boxes: tuple[Box, ...]
    vectors: tuple[Vector, ...]
    lost_boxes: int


def read_cloud(data: bytes) -> Cloud:
    """The cloud in a file: a list of points, or an object with ``points``, ``boxes`` and ``vectors``.

    Raises:
        CloudError: it is no JSON, no cloud, or has too many values.
    """
    given = _parsed(data)
    table = _table(given.get("points"))
    placed = (np.abs(table[:, :3]) < _LARGEST).all(axis=1)  # NaN is not less either
    shown = _thinned(table[placed])
    boxes, lost_boxes = read_boxes(given.get("boxes"))
    vectors, lost_vectors = read_vectors(given.get("vectors"))
    return Cloud(
        points=shown[:, :3],
        colors=_colors(table, shown) if table.shape[1] == 6 else None,
        classes=_classes(shown[:, 3]) if table.shape[1] == 4 else None,
        logged=len(table),
        lost=len(table) - int(placed.sum()),
        boxes=boxes,
        vectors=vectors,
        lost_boxes=lost_boxes + lost_vectors,
    )


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        text = data.decode(json.detect_encoding(data), "surrogatepass")
        check_json(text, MAX_CLOUD_VALUES)
        given = json.loads(text, parse_int=float)  # with NaN and Infinity, as the client writes them
    except TooLargeError as error:
        raise CloudError(str(error)) from None
    except (ValueError, RecursionError):
        raise CloudError("the file is not JSON") from None
    given = {"points": given} if isinstance(given, list) else given
    if not isinstance(given, dict):
        raise CloudError("the file has no list of points")
    return given


def _table(rows: object) -> NDArray[np.float64]:
    if rows is None or rows == []:
        return np.empty((0, 3))
    try:
        table = np.array(rows, np.float64)
    except (TypeError, ValueError):
        table = np.empty(0)
    if table.ndim != 2 or table.shape[1] not in _WIDTHS:
        raise CloudError("its points are not rows of 3, 4 or 6 numbers")
    return table


def _thinned(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """As many rows as are drawn, chosen at random: every nth one of a picture's pixels would leave stripes."""
    if len(table) <= MAX_CLOUD_POINTS:
        return table
    chosen = np.random.default_rng(0).choice(len(table), MAX_CLOUD_POINTS, replace=False)
    return table[np.sort(chosen)]


def _colors(table: NDArray[np.float64], shown: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Red, green and blue from 0 to 255, or from 0 to 1 if no logged one is more."""
    scale = 255 if np.nanmax(table[:, 3:], initial=0) <= 1 else 1
    return np.clip(np.nan_to_num(shown[:, 3:]) * scale, 0, 255).round().astype(np.uint8)


def _classes(values: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.clip(np.nan_to_num(values), _CLASS.min, _CLASS.max).round().astype(np.int16)
