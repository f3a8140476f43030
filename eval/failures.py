"""Missed and false objects of an image."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from eval.objects import FOUND_OVERLAP, OBJECT_AREA, Mask, Objects, Region

THRESHOLD = FOUND_OVERLAP
NAMED = 5  # failures that `why` names
KINDS = ("missed", "false")
BOX = ("x", "y", "width", "height")
FAILURE_COLUMNS = ("kind", "class", "size", "pixels", "weight", "overlap", "instead", *BOX)


class Rule(NamedTuple):
    """Which objects are judged, and by which rule.

    Attributes:
        class_names: C names.
        priority: indices of the priority classes.
        threshold: the share of an object that must be found, and of a predicted object that must be correct.
        object_area: area of the smallest object that counts, as a share of the frame.
        severity: for each of the C classes, the weight of a pixel of a missed object; None is 1 for all.
        depth_threshold: the mean relative error of the depth of a class that flags a frame; 0 flags none.
    """

    class_names: Sequence[str]
    priority: Sequence[int]
    threshold: float = THRESHOLD
    object_area: float = OBJECT_AREA
    severity: Sequence[float] | None = None
    depth_threshold: float = 0.0

    def weight(self, region: Region) -> float:
        """The pixels of an object, weighed by its class."""
        return region.pixels * (self.severity[region.label] if self.severity else 1.0)

    def area(self, regions: Iterable[Region]) -> float:
        """The weighted areas of several objects as one number: the root of the sum of their squares.

        For one object it is its weighted area. A large object counts more than small objects with the same total area,
        so that the frames with the largest failures come first. With a plain sum, many small objects would come first.
        """
        return math.hypot(*map(self.weight, regions))


class Failures(NamedTuple):
    """The failures of one image: true objects that are missed, and predicted objects that are false.

    Both lists are sorted by weight, largest first.
    """

    missed: list[Region]
    false: list[Region]


def find_failures(objects: Mapping[int, Objects], rule: Rule) -> Failures:
    """The failures among the objects of an image, by weight; ``objects`` maps a class to its objects."""

    def failed(regions: Iterable[Region]) -> list[Region]:
        return sorted((r for r in regions if r.overlap < rule.threshold), key=rule.weight, reverse=True)

    return Failures(
        failed(region for both in objects.values() for region in both.true),
        failed(region for both in objects.values() for region in both.predicted),
    )


def why(failures: Failures, names: Sequence[str]) -> str:
    """Class, size, place and found or correct share of the failures with most weight; missed objects come first."""
    told = [f"{describe(region, names)} missed ({int(100 * region.overlap)} % found)" for region in failures.missed]
    told += [f"{describe(region, names)} false ({int(100 * region.overlap)} % true)" for region in failures.false]
    more = [f"{len(told) - NAMED} more"] if len(told) > NAMED else []
    return "; ".join(told[:NAMED] + more)


def describe(region: Region, names: Sequence[str]) -> str:
    """Class, size and place of an object in words; the place is the middle of its box."""
    x, y, width, height = region.box
    return f"{names[region.label]} of {region.pixels} px at ({x + width // 2}, {y + height // 2})"


def failure_rows(failures: Failures, pred: Mask, target: Mask, rule: Rule) -> list[dict[str, object]]:
    """A row for each failure of an image, as ``Evaluation.failures`` has them."""
    sides = dict(zip(KINDS, ((failures.missed, target, pred), (failures.false, pred, target)), strict=True))
    return [
        {
            "kind": kind,
            "class": rule.class_names[region.label],
            "size": region.size,
            "pixels": region.pixels,
            "weight": rule.weight(region),
            "overlap": region.overlap,
            "instead": _instead(region, mine, other, rule.class_names),
            **dict(zip(BOX, region.box, strict=True)),
        }
        for kind, (regions, mine, other) in sides.items()
        for region in regions
    ]


def failure_table(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """The rows of all images as a table with ``position`` as index, sorted by weight, largest first."""
    columns = ["position", "name", "sequence", *FAILURE_COLUMNS]
    table = pd.DataFrame(rows, columns=columns).set_index("position")
    return table.sort_values(["weight", "name"], ascending=[False, True], kind="stable")


def _instead(region: Region, mine: Mask, other: Mask, names: Sequence[str]) -> str:
    """The other class that most of the object's pixels have on the other side, without void; empty if none."""
    x, y, width, height = region.box
    box = np.s_[y : y + height, x : x + width]
    labels = other[box][mine[box] == region.label]
    counts = np.bincount(labels, minlength=len(names))[: len(names)]
    counts[region.label] = 0
    return names[int(counts.argmax())] if counts.any() else ""
