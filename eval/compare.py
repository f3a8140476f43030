"""Two models on the same images: what got better or worse, and how sure that is.

Scores are over the data set, not means over images, so they are built from what each image adds to them: pixels of a
class that are true, predicted and common, objects that are there and matched, and false alarms. The bootstrap (Efron
1979) draws with replacement and takes the same draw for both models: differences between images cancel, those between
models stay.
Neighbouring frames of a drive resemble each other, so runs of neighbours are drawn, not single images (circular blocks,
Politis and Romano 1992), √N of N images long: on CamVid's 101 val frames intervals come out 1.6 to 2.9 times as wide,
and still, if anything, too narrow. Of very few images a bootstrap makes no honest interval (of one, a point): there "no
change" always lies in it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eval.objects import MATCHES

COUNTS = ("pixels/", *(f"{key}/" for key in MATCHES))  # the columns of a record that a comparison needs
MEANS = ("miou", "priority_dice")
JUDGED = ("dice/", "object_recall/")  # the others are told, and have no tolerance
RESAMPLES = 2000
_CHUNK = 1 << 22  # draws held at once: 32 MB

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """One figure of two models.

    Attributes:
        key: ``dice/<class>``, ``object_recall/<class>``, ``object_precision/…``, ``object_f1/…``, ``miou``,
            ``priority_dice`` or ``latency_ms``.
        before: of the first model; NaN where the images have no such class or object.
        after: of the second.
        low: lower end of the interval of ``after - before``.
        high: its upper end.
        verdict: ``worse`` (fell beyond the tolerance, and the interval leaves out no change), ``unclear`` (fell beyond
            the tolerance, but no change lies in the interval), ``better`` (the interval lies above no change), ``same``
            otherwise, ``absent`` where there was nothing to judge. What is not ``JUDGED`` is never worse or unclear.
    """

    key: str
    before: float
    after: float
    low: float
    high: float
    verdict: str


def read_counts(path: Path) -> pd.DataFrame:
    """The columns of a ``per_image.csv`` that a comparison needs, and ``name``.

    Raises:
        ValueError: no such table, or one without the counts; the message names it.
    """
    try:
        records = pd.read_csv(path, dtype={"name": str}, keep_default_na=False, usecols=_is_needed)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a table of images ({error})") from error
    if "name" not in records or not _classes(records):
        raise ValueError(f"{path}: has no counts of pixels; evaluate the model again to get them")
    if {"objects", "matched"} & {column.partition("/")[0] for column in records.columns} == {"objects"}:
        raise ValueError(f"{path}: has no counts of matched objects; evaluate the model again to get them")
    return records


def compare_records(
    before: pd.DataFrame,
    after: pd.DataFrame,
    priority: Sequence[str],
    *,
    tolerance: float,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Change]:
    """Compare two models by their per-image records, with a paired bootstrap over runs of images.

    Args:
        before: records of ``eval.evaluate``, or of ``read_counts``, in any order; neighbours by name are neighbours.
        after: of the other model, on the same images.
        priority: names of the priority classes.
        tolerance: how far a priority class's Dice or object recall may fall, in [0, 1].
        confidence: of the percentile interval.
        resamples: draws of the bootstrap.
        seed: of the draws.

    Returns:
        Of each priority class Dice, then recall, precision and F1 of matched objects; then ``MEANS``.

    Raises:
        ValueError: other images, classes or true labels.
    """
    before, after = _paired(before, after)
    names = _classes(before)
    counts = np.hstack([_counts(records, names, priority) for records in (before, after)])  # (N, 2 K)
    totals = np.concatenate([counts.sum(0, keepdims=True), _draws(counts, resamples, seed)])  # (1 + R, 2 K)
    first, second = (_scores(half, names, priority) for half in np.hsplit(totals, 2))
    each = _scores(np.hsplit(counts, 2)[0], names, priority)  # NaN in the images that say nothing about a score
    tail = (1 - confidence) / 2
    changes = []
    for key in first:
        old, new = float(first[key][0]), float(second[key][0])
        if math.isnan(old) or math.isnan(new):
            changes.append(Change(key, old, new, math.nan, math.nan, "absent"))
            continue
        low, high = np.nanquantile((second[key] - first[key])[1:], (tail, 1 - tail)).tolist()
        if 0.5 ** np.isfinite(each[key]).sum() > tail:  # that all of them fall is likelier by chance alone
            low, high = min(low, 0.0), max(high, 0.0)
        allowed = tolerance if key.startswith(JUDGED) else math.inf
        changes.append(Change(key, old, new, low, high, judge(new - old, low, high, allowed)))
    return changes


def judge(change: float, low: float, high: float, tolerance: float) -> str:
    """The verdict on the change of a score and its interval; see ``Change``."""
    if change < -tolerance:
        return "worse" if high < 0 else "unclear"
    return "better" if low > 0 else "same"


def latency_change(before: Sequence[float], after: Sequence[float], limit: float) -> Change:
    """Milliseconds of two models measured in turns: the fastest of each, and the range of the differences turn by turn.

    What else a machine does only adds to a time, so the fastest turn says most. It is ``worse`` where that grew by more
    than ``limit``, a share of ``before``.
    """
    old, new = min(before), min(after)
    differences = [second - first for first, second in zip(before, after, strict=True)]
    verdict = "worse" if new > old * (1 + limit) else "better" if max(differences) < 0 else "same"
    return Change("latency_ms", old, new, min(differences), max(differences), verdict)


def _paired(before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both records in the order of the images' names."""
    if (first := _classes(before)) != (second := _classes(after)):
        raise ValueError(f"the two models know different classes: {', '.join(first)} against {', '.join(second)}")
    before, after = (records.sort_values("name", ignore_index=True) for records in (before, after))
    if odd := sorted({*before["name"]} ^ {*after["name"]}):
        raise ValueError(
            f"the two models were evaluated on different images ({len(odd)} of one alone, first {odd[0]}): "
            "evaluate both on one split of one data version"
        )
    for name in first:
        column = f"pixels/{name}/true"
        differing = before["name"][before[column] != after[column]]
        if len(differing):
            raise ValueError(
                f"{differing.iloc[0]}: the two models were evaluated with different labels ({column}): "
                "evaluate both on one data version"
            )
    return before, after


def _is_needed(column: str) -> bool:
    return column == "name" or column.startswith(COUNTS)


def _classes(records: pd.DataFrame) -> list[str]:
    pixels = [key for key in records.columns if key.startswith("pixels/") and key.endswith("/true")]
    return [key.removeprefix("pixels/").removesuffix("/true") for key in pixels]


def _counts(records: pd.DataFrame, names: Sequence[str], priority: Sequence[str]) -> Floats:
    """What each image adds: (N, K) with K = 3 C + 3 P, as ``_scores`` takes it apart."""
    columns = [f"pixels/{name}/{key}" for key in ("true", "predicted", "common") for name in names]
    columns += [f"{key}/{name}" for key in MATCHES for name in priority]
    return records[columns].to_numpy(np.float64)  # counts are exact below 2**53


def _draws(counts: Floats, resamples: int, seed: int) -> Floats:
    """Totals (R, K) of ``counts`` (N, K) over runs of neighbours drawn with replacement.

    How often each run is drawn is multinomial; after the last image comes the first. A draw holds N images but for half
    a run, which changes nothing: scores are ratios.
    """
    images, rng = len(counts), np.random.default_rng(seed)
    length = round(math.sqrt(images))
    runs = np.sum([np.roll(counts, -step, axis=0) for step in range(length)], axis=0)  # (N, K): an image and the next
    drawn, chunk = round(images / length), max(1, _CHUNK // images)
    sizes = [min(chunk, resamples - start) for start in range(0, resamples, chunk)]
    return np.concatenate([rng.multinomial(drawn, np.full(images, 1 / images), size) @ runs for size in sizes])


def _scores(totals: Floats, names: Sequence[str], priority: Sequence[str]) -> dict[str, Floats]:
    """Scores by key, (R,) each, of totals (R, K); NaN where a class has no true pixel or no object to be missed."""
    true, predicted, common, rest = np.split(totals, [len(names), 2 * len(names), 3 * len(names)], axis=1)
    objects, matched, false = np.split(rest, 3, axis=1)  # (R, P) each
    chosen = [names.index(name) for name in priority]
    dice = _ratio(2 * common, true + predicted)[:, chosen]  # (R, P)
    present = np.where(true[:, chosen] > 0, dice, np.nan)
    detection = {
        "object_recall": _ratio(matched, objects),
        "object_precision": _ratio(matched, matched + false),
        "object_f1": _ratio(2 * matched, objects + matched + false),
    }
    scores = {f"dice/{name}": present[:, index] for index, name in enumerate(priority)}
    scores |= {f"{key}/{name}": of[:, i] for key, of in detection.items() for i, name in enumerate(priority)}
    return scores | {"miou": _mean(_ratio(common, true + predicted - common)), "priority_dice": _mean(dice)}


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise; NaN where the denominator is 0: a class that is absent from truth and prediction, or no objects."""
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)


def _mean(scores: Floats) -> Floats:
    """Mean over the classes that are not NaN, (R, C) to (R,); NaN where none is left."""
    return _ratio(np.nansum(scores, axis=1), np.sum(~np.isnan(scores), axis=1, dtype=np.float64))
