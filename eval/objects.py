"""Objects: the connected regions of a class, and which regions of the prediction are those of the truth.

Regions are connected over 8 neighbours: a crowd whose outlines touch is one object, and a car behind a pole is two
objects. An object is a region of at least ``OBJECT_AREA``. "The other side" is the prediction for a true object, and
the truth for a predicted object.

- An object is *found* if at least half of its pixels have its class on the other side.
- It is *matched* if its IoU with a region of the other side is above 0.5. Regions of one side share no pixels, so no
  region has two partners (Kirillov et al. 2019, "Panoptic segmentation"). A matched object is also found. An object
  that is merged with others, or split, may be found but not matched.
- A predicted object without a partner is a *false alarm*. It is a *false object* if less than half of its pixels are
  true. A partner may be smaller than ``OBJECT_AREA``, so an object near this limit is not an error only for its size.

Void pixels count neither in areas nor in overlaps. A predicted region that is more than half void is left out, unless
it is matched.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eval.means import known_mean
from eval.metrics import IGNORE_INDEX

OBJECT_AREA = 6e-4  # share of the frame: 104 pixels of 360x480; smaller regions are mostly noise of the annotation
FOUND_OVERLAP = 0.5

# Sizes follow COCO's 32² and 96² pixels, taken relative to its usual 640x480 image.
SIZE_LIMITS = {
    "small": 32**2 / (640 * 480),
    "medium": 96**2 / (640 * 480),
    "large": 1.0,
}  # upper limits of area / image
COUNTS = ("objects", "found", "matched", "false_alarms")  # of a frame, by class and size
MATCHES = ("objects", "matched", "false_alarms")  # what recall, precision and F1 follow from

Mask = NDArray[np.uint8]
Ints = NDArray[np.int64]


class Region(NamedTuple):
    """One object, of the truth or of the prediction.

    Attributes:
        label: its class.
        pixels: its area without void.
        size: small, medium or large.
        box: x, y, width, height in pixels.
        overlap: the share of its pixels that have its class on the other side.
        matched: whether it has a partner on the other side.
    """

    label: int
    pixels: int
    size: str
    box: tuple[int, int, int, int]
    overlap: float
    matched: bool


class Objects(NamedTuple):
    """The objects of one class in one frame: those of the truth, and those of the prediction."""

    true: list[Region]
    predicted: list[Region]


def find_objects(pred: Mask, target: Mask, label: int, object_area: float = OBJECT_AREA) -> Objects:
    """The objects of a class in ``target`` and in ``pred``, both (H, W), void 255 in the target.

    Args:
        pred: class indices.
        target: class indices.
        label: the class.
        object_area: area of the smallest object, as a share of the frame.
    """
    frame, (target, pred, corner) = target.size, _where_it_is(label, target, pred)
    true, guessed = _Regions(target == label, corner), _Regions(pred == label, corner)
    whole = guessed.areas
    guessed.areas = guessed.count(target.ravel()[guessed.pixels] != IGNORE_INDEX)
    partners = guessed.ids.ravel()[true.pixels]  # of the pixels of the truth; 0 where the prediction has another class
    both = partners > 0
    pairs, shared = np.unique(true.owners[both] * np.int64(len(whole)) + partners[both], return_counts=True)
    first, second = np.divmod(pairs, len(whole))
    matched = 3 * shared > true.areas[first] + guessed.areas[second]  # IoU > 1/2 in whole numbers
    in_void = 2 * guessed.areas < whole
    in_void[second[matched]] = False
    guessed.areas[in_void] = 0
    hits = np.bincount(partners[both], minlength=len(whole))
    return Objects(
        true.objects(label, true.count(both), first[matched], frame, object_area),
        guessed.objects(label, hits, second[matched], frame, object_area),
    )


def _where_it_is(label: int, target: Mask, pred: Mask) -> tuple[Mask, Mask, tuple[int, int]]:
    """Both masks cut to the box that holds the class, and its upper left corner (x, y): most classes fill a small part.

    The corner is even, so that OpenCV, which looks at blocks of 2x2 pixels, numbers the regions as in the whole masks.
    """
    x, y, width, height = cv2.boundingRect(((target == label) | (pred == label)).view(np.uint8))
    left, top = x - x % 2, y - y % 2
    box = np.s_[top : y + max(1, height), left : x + max(1, width)]
    return target[box], pred[box], (left, top)


class _Regions:
    """The connected regions of a mask (H, W).

    ``ids`` (H, W) numbers them from 1 on and is 0 elsewhere, ``pixels`` (n,) are the places of their pixels in the
    flattened mask, ``owners`` (n,) the region of each, ``areas`` the pixels of each region, that of number 0 first.
    ``corner`` (x, y) is where the mask lies in its frame.
    """

    def __init__(self, mask: NDArray[np.bool_], corner: tuple[int, int]):
        self.corner = corner
        self.regions, self.ids = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
        self.pixels = np.flatnonzero(mask)
        self.owners = self.ids.ravel()[self.pixels]
        self.areas = self.count(np.s_[:])

    def count(self, where: NDArray[np.bool_] | slice) -> Ints:
        """How many of the ``pixels`` that ``where`` (n,) chooses each region has."""
        return np.bincount(self.owners[where], minlength=self.regions)

    def objects(self, label: int, hits: Ints, matched: Ints, frame: int, object_area: float) -> list[Region]:
        """Those that are large enough.

        ``hits``: how many pixels of each have the class on both sides; ``frame``: pixels of the frame.
        """
        partners = set(matched.tolist())
        return [
            Region(label, area, size_of(area / frame), self._placed(i), int(hits[i]) / area, i in partners)
            for i, area in enumerate(self.areas.tolist())
            if i and area >= max(1.0, object_area * frame)
        ]

    def _placed(self, region: int) -> tuple[int, int, int, int]:
        """The box of a region as x, y, width and height in the frame."""
        x, y, width, height = cv2.boundingRect((self.ids == region).view(np.uint8))
        return self.corner[0] + x, self.corner[1] + y, width, height


def size_of(share: float) -> str:
    """The size's name of an object that covers this share of the frame."""
    return next(name for name, limit in SIZE_LIMITS.items() if share <= limit)


def object_counts(objects: Objects, threshold: float = FOUND_OVERLAP) -> dict[str, dict[str, int]]:
    """The numbers of objects, found objects, matched objects and false alarms of a class in a frame, each by size."""
    chosen = {
        "objects": objects.true,
        "found": [region for region in objects.true if region.overlap >= threshold],
        "matched": [region for region in objects.true if region.matched],
        "false_alarms": [region for region in objects.predicted if not region.matched],
    }
    return {
        key: {size: sum(region.size == size for region in regions) for size in SIZE_LIMITS}
        for key, regions in chosen.items()
    }


def object_scores(records: pd.DataFrame, names: Sequence[str]) -> dict[str, float]:
    """The scores of matched objects over the frames of ``records``, for the classes ``names``.

    Returns:
        ``object_recall``, ``object_precision`` and ``object_f1`` in [0, 1]: by ``/<class>``, by ``/<size>`` over all
        classes, and, without a suffix, the mean over the classes. ``false_alarms`` per frame, with the same suffixes;
        without one, the sum over the classes. NaN if there is nothing to count. The size of a match is that of the true
        object, and the size of a false alarm is that of the predicted object.
    """
    groups = {name: [name] for name in names} | {size: [f"{name}/{size}" for name in names] for size in SIZE_LIMITS}
    totals = {
        group: {count: sum(int(records[f"{count}/{key}"].sum()) for key in keys) for count in MATCHES}
        for group, keys in groups.items()
    }
    scores = {group: match_scores(total["objects"], total["matched"], total["false_alarms"])
              for group, total in totals.items()}  # fmt: skip
    metrics = {}
    for key in ("object_recall", "object_precision", "object_f1"):
        metrics[key] = float(known_mean(np.array([scores[name][key] for name in names])))
        metrics |= {f"{key}/{group}": values[key] for group, values in scores.items()}
    alarms = {group: total["false_alarms"] / len(records) for group, total in totals.items()}
    metrics["false_alarms"] = sum((alarms[name] for name in names), 0.0)
    return metrics | {f"false_alarms/{group}": value for group, value in alarms.items()}


def match_scores(objects: int, matched: int, false_alarms: int) -> dict[str, float]:
    """Recall, precision and F1 from counts; NaN if the denominator is 0."""
    parts = {
        "object_recall": (matched, objects),
        "object_precision": (matched, matched + false_alarms),
        "object_f1": (2 * matched, objects + matched + false_alarms),
    }
    return {key: part / whole if whole else float("nan") for key, (part, whole) in parts.items()}
