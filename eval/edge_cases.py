"""The edge-case record: one row per image with the failures on objects of priority classes.

Errors on a priority class matter for safety. An image is an edge case (``flagged``) if an object of such a class is
missed, or if a predicted object is false. An object is missed if less than half of it is found, and false if less than
half of it is correct. ``eval.objects`` defines objects and their matches.
"""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from torch import Tensor

from eval.failures import Failures, Rule, find_failures, why
from eval.means import known_mean
from eval.metrics import dice
from eval.objects import COUNTS, SIZE_LIMITS, Mask, Objects, Region, find_objects, object_counts

WORST_FIRST = {  # by column, whether its low values come first
    "missed_area": False,
    "false_area": False,
    "depth_error": False,
    "priority_score": True,
    "depth/abs_rel": False,
    "name": True,
}


def edge_case(confusion: Tensor, pred: Mask, target: Mask, rule: Rule) -> tuple[dict[str, object], Failures]:
    """The record of one image, and the objects behind it.

    Args:
        confusion: (C, C) counts of this image, rows the target.
        pred: (H, W) class indices.
        target: (H, W) class indices, void 255.
        rule: what is judged.

    Returns:
        The failures, and the record: ``flagged``, ``why`` (class, size and place of the largest failures),
        ``missed_area`` and ``false_area`` (``Rule.area`` of the objects that failed, as a share of the frame),
        ``priority_score`` (mean Dice over the priority classes present), ``worst_class`` (lowest Dice of the classes
        present), ``missed``, ``hallucinated`` (classes that have a missed or a false object), ``present`` (names joined
        by ", "), then ``dice/<class>`` and its counts ``pixels/<class>/true``, ``…/predicted``, ``…/common``, and for
        each priority class ``objects/<class>``, ``found/<class>``, ``matched/<class>``, ``false_alarms/<class>`` and
        the same by size.
    """
    names, priority = rule.class_names, rule.priority
    scores = dice(confusion)  # (C,)
    pixels, predicted = confusion.sum(1).tolist(), confusion.sum(0).tolist()
    there = [c for c in priority if pixels[c] or predicted[c]]
    objects = {c: find_objects(pred, target, c, rule.object_area) for c in there}
    failures = find_failures(objects, rule)
    present = [c for c in priority if pixels[c]]
    seen = [c for c in range(len(pixels)) if pixels[c]]
    record = {
        "flagged": any(failures),
        "why": why(failures, names),
        "missed_area": rule.area(failures.missed) / target.size,
        "false_area": rule.area(failures.false) / target.size,
        "priority_score": float(known_mean(scores[present].numpy())),
        "worst_class": names[min(seen, key=lambda c: float(scores[c]))] if seen else "",
        "missed": _classes(failures.missed, rule),
        "hallucinated": _classes(failures.false, rule),
        "present": ", ".join(names[c] for c in present),
        **{f"dice/{name}": score for name, score in zip(names, scores.tolist(), strict=True)},
        **_pixel_columns(confusion, names),
        **_object_columns(objects, rule),
    }
    return record, failures


def _classes(regions: Iterable[Region], rule: Rule) -> str:
    labels = {region.label for region in regions}
    return ", ".join(rule.class_names[c] for c in rule.priority if c in labels)


def _pixel_columns(confusion: Tensor, class_names: Sequence[str]) -> dict[str, int]:
    counts = {"true": confusion.sum(1), "predicted": confusion.sum(0), "common": confusion.diagonal()}
    rows = zip(class_names, *(values.tolist() for values in counts.values()), strict=True)
    return {f"pixels/{name}/{key}": value for name, *row in rows for key, value in zip(counts, row, strict=True)}


def _object_columns(objects: Mapping[int, Objects], rule: Rule) -> dict[str, int]:
    columns = {}
    for label in rule.priority:
        counts = object_counts(objects.get(label, Objects([], [])), rule.threshold)
        for key in COUNTS:
            columns[f"{key}/{rule.class_names[label]}"] = sum(counts[key].values())
            columns |= {f"{key}/{rule.class_names[label]}/{size}": counts[key][size] for size in SIZE_LIMITS}
    return columns


def rank(records: Iterable[dict[str, object]]) -> pd.DataFrame:
    """Records as a table, worst first, by the columns of ``WORST_FIRST`` that they have.

    The index is each record's position in the input, which is the image's position in the split.
    """
    table = pd.DataFrame(records)
    keys = {column: ascending for column, ascending in WORST_FIRST.items() if column in table}
    return table.sort_values([*keys], ascending=[*keys.values()], na_position="last")


def frames_found(records: pd.DataFrame) -> pd.DataFrame:
    """View: the frames with a priority class in which no object was missed."""
    return records[(records["present"] != "") & (records["missed"] == "")]


def frames_missed(records: pd.DataFrame) -> pd.DataFrame:
    """View: the frames in which an object of a priority class was missed."""
    return records[records["missed"] != ""]
