"""Two models on the same images: each figure of both, and the estimate of its change.

Scores are over the data set, not means over images. So they follow from the counts of each image: true positives, false
positives and false negatives, of pixels and of objects. Dice and object F1 are 2 TP / (2 TP + FP + FN), and IoU is
TP / (TP + FP + FN), so one statistic is enough for all of them; see ``eval.evidence``. Of depth it is the share of the
pixels that are right within a factor of 1.25.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from eval.depth.records import PIXELS
from eval.evidence import Estimate, Floats, jackknife, stretches, sums_left_out
from eval.means import MEANS, headline_means
from files.headlines import PRIORITY_DICE

COUNTS = ("pixels/", "objects/", "matched/", "false_alarms/")  # the columns of a record that a promotion needs
LABELS = ("name", "sequence")
POOLED = "object_f1/all"  # over the objects of all priority classes
DELTA = "depth/delta1"


class Figure(NamedTuple):
    """One figure of two models.

    Attributes:
        key: ``dice/<class>``, ``object_f1/<class>``, ``POOLED``, ``miou``, ``priority_dice`` or ``DELTA``.
        before: value of the first model; NaN if the images have no such class or object.
        after: value of the second model.
        change: from the first to the second; NaN if one of them is NaN.
        frames: number of images.
    """

    key: str
    before: float
    after: float
    change: Estimate
    frames: int


def read_counts(path: Path) -> pd.DataFrame:
    """The columns of a ``per_image.csv`` that a promotion needs.

    Raises:
        ValueError: the file is not such a table, or has no counts; the message names it.
    """
    try:
        records = pd.read_csv(path, dtype=dict.fromkeys(LABELS, str), keep_default_na=False, usecols=_is_needed)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: the file is not a table of images ({error})") from error
    if "name" not in records or not (classes_of(records) or measures_depth(records)):
        raise ValueError(f"{path}: the table has no counts of pixels; evaluate the model again")
    return records


def counts_objects(records: pd.DataFrame | None) -> bool:
    """Whether there are records with counts of matched objects, which the records of older models do not have."""
    return records is not None and any(column.startswith("matched/") for column in records.columns)


def measures_depth(records: pd.DataFrame) -> bool:
    """Whether the records are of a model that predicts depth, on frames of which some is known."""
    return PIXELS in records.columns and bool(records[PIXELS].sum())


def classes_of(records: pd.DataFrame) -> list[str]:
    """The names of the classes that records count."""
    pixels = [key for key in records.columns if key.startswith("pixels/") and key.endswith("/true")]
    return [key.removeprefix("pixels/").removesuffix("/true") for key in pixels]


def scores_of(records: pd.DataFrame, priority: Sequence[str]) -> dict[str, float]:
    """The figures of one model, by key; NaN if the images have no such class or object."""
    counts, keys = _additive(records, priority, counts_objects(records), measures_depth(records))
    return {key: float(score) for key, score in _scores(counts.sum(0), keys, priority).items()}


def paired_figures(before: pd.DataFrame, after: pd.DataFrame, priority: Sequence[str]) -> list[Figure]:
    """The figures of two models by their per-image records.

    Args:
        before: records of ``eval.evaluate`` or ``read_counts``, in any order; they are sorted by name.
        after: records of the other model, for the same images.
        priority: names of the priority classes.

    Returns:
        Dice of each priority class, object F1 of each and ``POOLED`` where both records count matched objects,
        ``DELTA`` where both measure depth, then ``MEANS``, then Dice of the other classes.

    Raises:
        ValueError: images, classes or true labels differ, or only the first model predicts depth.
    """
    before, after = _paired(before, after)
    stretch = stretches(before["sequence"].tolist() if "sequence" in before else [""] * len(before))
    objects = counts_objects(before) and counts_objects(after)
    depth = measures_depth(before) and measures_depth(after)
    scores, weights = [], []
    for records in (before, after):
        counts, keys = _additive(records, priority, objects, depth)
        sums, within = sums_left_out(counts, stretch)
        scores.append(_scores(sums, keys, priority))
        weights.append(dict(zip(keys, within[:, :, 1].T, strict=True)))
    images = np.bincount(stretch).astype(np.float64)
    figures = []
    for key, first in scores[0].items():
        second = scores[1][key]
        weight = images if key in MEANS else weights[0][key] + weights[1][key]
        figures.append(Figure(key, float(first[0]), float(second[0]), jackknife(second - first, weight), len(before)))
    return figures


def _paired(before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both records in the order of the images' names."""
    if (first := classes_of(before)) != (second := classes_of(after)):
        raise ValueError(f"the two models have different classes: {', '.join(first)}, and {', '.join(second)}")
    if measures_depth(before) and not measures_depth(after):
        raise ValueError("the earlier model was judged by depth, and the later one was not, so they cannot be compared")
    before, after = (records.sort_values("name", ignore_index=True) for records in (before, after))
    if odd := sorted({*before["name"]} ^ {*after["name"]}):
        raise ValueError(
            f"the two models were evaluated on different images ({len(odd)} were in only one evaluation, first "
            f"{odd[0]}); evaluate both on the same split of the same data version"
        )
    labels = [f"pixels/{name}/true" for name in first]
    labels += [PIXELS] if PIXELS in before and PIXELS in after else []
    differing = np.argwhere(before[labels].to_numpy() != after[labels].to_numpy())
    if len(differing):
        row, column = differing[0]
        raise ValueError(
            f"{before['name'][row]}: the two models were evaluated with different labels ({labels[column]}); "
            "evaluate both on the same data version"
        )
    return before, after


def _is_needed(column: str) -> bool:
    return column in (*LABELS, PIXELS, DELTA) or column.startswith(COUNTS)


def _additive(records: pd.DataFrame, priority: Sequence[str], objects: bool, depth: bool) -> tuple[Floats, list[str]]:
    """What each image adds to K ratios, as (N, K, 3): numerator, denominator, and true pixels; and the K keys."""
    names = classes_of(records)
    true, predicted, common = (
        _columns(records, [f"pixels/{name}/{key}" for name in names]) for key in ("true", "predicted", "common")
    )
    counts = [(common, true + predicted - common, true), (2 * common, true + predicted, true)]
    keys = [f"{kind}/{name}" for kind in ("iou", "dice") for name in names]
    if objects:
        there, matched, false = (
            _columns(records, [f"{key}/{name}" for name in priority]) for key in ("objects", "matched", "false_alarms")
        )
        of_objects = (2 * matched, there + matched + false, there)
        counts += [of_objects, tuple(values.sum(1, keepdims=True) for values in of_objects)]
        keys += [*(f"object_f1/{name}" for name in priority), POOLED]
    if depth:
        pixels = _columns(records, [PIXELS])
        counts.append((np.nan_to_num(_columns(records, [DELTA])) * pixels, pixels, pixels))
        keys.append(DELTA)
    return np.concatenate([np.stack(three, axis=-1) for three in counts], axis=1), keys


def _columns(records: pd.DataFrame, names: Sequence[str]) -> Floats:
    return records[[*names]].to_numpy(np.float64)  # counts are exact below 2**53


def _scores(sums: Floats, keys: Sequence[str], priority: Sequence[str]) -> dict[str, Floats]:
    """Figures by key, (...) each, of sums (..., K, 3); NaN if a class has no true pixel or no object to be missed.

    The means are those of the evaluation: over the classes that are in the truth or in the prediction.
    """
    part, whole, true = np.moveaxis(sums, -1, 0)
    ratios = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    by_key = dict(zip(keys, np.moveaxis(ratios, -1, 0), strict=True))
    judged = dict(zip(keys, np.moveaxis(np.where(true > 0, ratios, np.nan), -1, 0), strict=True))
    chosen = [*(f"{kind}/{name}" for kind in ("dice", "object_f1") for name in priority), POOLED, DELTA]
    others = [key for key in keys if key.startswith("dice/") and key not in chosen]
    classes = [key.removeprefix("iou/") for key in keys if key.startswith("iou/")]
    means = _means(by_key, classes, priority) if classes else {}
    return {key: judged[key] for key in chosen if key in judged} | means | {key: judged[key] for key in others}


def _means(by_key: Mapping[str, Floats], classes: Sequence[str], priority: Sequence[str]) -> dict[str, Floats]:
    ious, dices = (np.stack([by_key[f"{kind}/{name}"] for name in classes], axis=-1) for kind in ("iou", "dice"))
    means = headline_means(ious, dices, [classes.index(name) for name in priority])
    if not priority:
        del means[PRIORITY_DICE.key]
    return means
