"""The edge-case record: one row per image that says which priority classes the model failed there, and why.

A priority class is one whose failure is a safety matter. An image is an edge case (``flagged``) when a priority class
that is present (at least one true pixel) has a Dice below the threshold.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from eval.metrics import dice, mean_over

THRESHOLD = 0.5  # Dice below which a present priority class counts as missed
HALLUCINATION_AREA = 1e-3  # share of the image that an absent class must be given to count as hallucinated

# Sizes follow COCO's 32² and 96² pixels, taken relative to its usual 640x480 image.
MIN_OBJECT_AREA = 1e-4  # smaller components are crumbs of the annotation: not objects
SIZE_LIMITS = {
    "small": 32**2 / (640 * 480),
    "medium": 96**2 / (640 * 480),
    "large": 1.0,
}  # upper limits of area / image
FOUND_OVERLAP = 0.5  # an object is found when at least this share of its pixels has its class

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)


class Objects(NamedTuple):
    """Objects of one class in one image, counted by size: {"small": …, "medium": …, "large": …}."""

    total: dict[str, int]
    found: dict[str, int]


def count_objects(pred: NDArray[np.uint8], target: NDArray[np.uint8], label: int) -> Objects:
    """Count the connected components (8 neighbours) of ``label`` in ``target`` (H, W) and those that ``pred`` finds."""
    total, found = dict.fromkeys(SIZE_LIMITS, 0), dict.fromkeys(SIZE_LIMITS, 0)
    components, count = ndimage.label(target == label, structure=_EIGHT_NEIGHBOURS)
    areas = np.bincount(components.ravel(), minlength=count + 1)[1:]
    hits = np.bincount(components[pred == label], minlength=count + 1)[1:]
    for area, hit in zip(areas / target.size, hits / areas, strict=True):
        if area >= MIN_OBJECT_AREA:
            size = next(name for name, limit in SIZE_LIMITS.items() if area <= limit)
            total[size] += 1
            found[size] += bool(hit >= FOUND_OVERLAP)
    return Objects(total, found)


def edge_case(
    confusion: Tensor,
    pred: NDArray[np.uint8],
    target: NDArray[np.uint8],
    *,
    class_names: Sequence[str],
    priority: Sequence[int],
    threshold: float = THRESHOLD,
) -> dict[str, object]:
    """The record of one image.

    Args:
        confusion: (C, C) counts of this image, rows the target.
        pred: (H, W) class indices.
        target: (H, W) class indices, void 255.
        class_names: C names.
        priority: indices of the priority classes.
        threshold: Dice below which a present priority class counts as missed.

    Returns:
        ``flagged``, ``why``, ``priority_score`` (mean Dice over the priority classes present), ``worst_class`` (lowest
        Dice of the classes present), ``missed``, ``hallucinated``, ``present`` (names joined by ", "), then
        ``dice/<class>`` and its counts ``pixels/<class>/true``, ``…/predicted``, ``…/common``, and for each priority
        class ``objects/<class>``, ``found/<class>`` and the same by size.
    """
    scores = dice(confusion)  # (C,)
    pixels, predicted = confusion.sum(1).tolist(), confusion.sum(0).tolist()
    present = [c for c in priority if pixels[c]]
    missed = [c for c in present if scores[c] < threshold]
    hallucinated = [c for c in priority if not pixels[c] and predicted[c] > HALLUCINATION_AREA * target.size]
    seen = [c for c in range(len(pixels)) if pixels[c]]
    reasons = [f"{class_names[c]} missed (Dice {scores[c]:.2f}, {pixels[c]} px)" for c in missed]
    reasons += [f"{class_names[c]} hallucinated ({predicted[c]} px)" for c in hallucinated]
    return {
        "flagged": bool(missed),
        "why": "; ".join(reasons),
        "priority_score": mean_over(scores, present),
        "worst_class": class_names[min(seen, key=lambda c: float(scores[c]))] if seen else "",
        "missed": ", ".join(class_names[c] for c in missed),
        "hallucinated": ", ".join(class_names[c] for c in hallucinated),
        "present": ", ".join(class_names[c] for c in present),
        **{f"dice/{name}": score for name, score in zip(class_names, scores.tolist(), strict=True)},
        **_pixel_columns(confusion, class_names),
        **_object_columns(pred, target, {class_names[c]: c for c in priority}, present),
    }


def _pixel_columns(confusion: Tensor, class_names: Sequence[str]) -> dict[str, int]:
    counts = {"true": confusion.sum(1), "predicted": confusion.sum(0), "common": confusion.diagonal()}
    rows = zip(class_names, *(values.tolist() for values in counts.values()), strict=True)
    return {f"pixels/{name}/{key}": value for name, *row in rows for key, value in zip(counts, row, strict=True)}


def _object_columns(
    pred: NDArray[np.uint8], target: NDArray[np.uint8], labels: dict[str, int], present: Sequence[int]
) -> dict[str, int]:
    nothing = Objects(dict.fromkeys(SIZE_LIMITS, 0), dict.fromkeys(SIZE_LIMITS, 0))
    columns = {}
    for name, label in labels.items():
        objects = count_objects(pred, target, label) if label in present else nothing
        for key, counts in (("objects", objects.total), ("found", objects.found)):
            columns[f"{key}/{name}"] = sum(counts.values())
            columns |= {f"{key}/{name}/{size}": count for size, count in counts.items()}
    return columns


def rank(records: Iterable[dict[str, object]]) -> pd.DataFrame:
    """Records as a table, worst first: edge cases, then by priority score, images without a priority class last.

    The index is each record's position in the input, which is the image's position in the split.
    """
    table = pd.DataFrame(records)
    return table.sort_values(["flagged", "priority_score", "name"], ascending=[False, True, True], na_position="last")


def frames_found(records: pd.DataFrame) -> pd.DataFrame:
    """View: the frames where every priority class present was found (frames that have none are left out)."""
    return records[(records["present"] != "") & (records["missed"] == "")]


def frames_missed(records: pd.DataFrame) -> pd.DataFrame:
    """View: the frames where a priority class present was missed."""
    return records[records["missed"] != ""]


def object_recall(records: pd.DataFrame, priority_names: Sequence[str]) -> dict[str, float]:
    """Found objects over all objects of the split: ``object_recall/<class>``, ``object_recall/<size>``; NaN if none."""

    def recall(keys: Sequence[str]) -> float:
        found, objects = (sum(int(records[f"{count}/{key}"].sum()) for key in keys) for count in ("found", "objects"))
        return found / objects if objects else float("nan")

    by_class = {f"object_recall/{name}": recall([name]) for name in priority_names}
    by_size = {f"object_recall/{size}": recall([f"{name}/{size}" for name in priority_names]) for size in SIZE_LIMITS}
    return by_class | by_size
