"""Whether a model is as good as another one, by the change of each figure: as good, worse, or not enough data.

A figure is *as good* if the whole interval of its change lies above minus its margin (one-sided non-inferiority).
It is *worse* if it fell by more than the margin, and chance is ruled out by Holm's rule over all figures that are
judged together. So the chance that any figure of two equal models is called worse is 1 - confidence. Otherwise there is
not enough data, and the number of images that would be enough is estimated.

A model is as good if these figures are: Dice of each priority class, object F1 over all of them, mIoU, priority Dice,
and the share of the pixels with the right depth. A model that lost more than the margin in one of them passes in at
most (1 - confidence) / 2 of all cases. For object F1 of one class, and for Dice of a class that is not a priority
class, there is seldom enough data. It is enough if they did not fall by more than their margin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from eval.evidence import NO_SPREAD, Estimate, Spread, frames_needed, holm, with_spread
from eval.figures import DELTA, POOLED, Figure
from eval.means import MEANS

LATENCY = "latency_ms"
TRIES = 3
BETTER, AS_GOOD, WORSE, OPEN, UNCLEAR, ABSENT = "better", "as good", "worse", "not enough data", "unclear", "absent"


@dataclass(frozen=True)
class Change:
    """One figure of two models.

    Attributes:
        key: key of a ``Figure``, or ``latency_ms``.
        before: value of the first model; NaN if the images have no such class or object.
        after: value of the second model.
        low: lower end of the interval of ``after - before``; infinite if nothing is known about it.
        high: upper end of the interval.
        margin: how far the value may fall, or how far ``latency_ms`` may rise.
        answer: ``better`` (the interval lies above 0), ``as good`` (it lies above ``-margin``), ``worse``, ``not enough
            data``, ``absent`` (there was nothing to judge), or ``unclear`` (not enough data, for a figure that need not
            be as good).
        frames: number of images like these that would be enough; infinite if more drives are needed.
        seen: number of images.
    """

    key: str
    before: float
    after: float
    low: float
    high: float
    margin: float
    answer: str
    frames: float = math.nan
    seen: int = 0


@dataclass(frozen=True)
class Margins:
    """How far a figure may fall, in [0, 1], and the confidence of the intervals.

    Attributes:
        classes: margin of Dice and object F1 of a priority class; Dice of any other class may fall by twice as much.
        means: margin of mIoU, priority Dice and the share of the pixels with the right depth.
        confidence: confidence of the two-sided intervals.
    """

    classes: float = 0.05
    means: float = 0.02
    confidence: float = 0.95

    @property
    def tail(self) -> float:
        """The chance that one end of an interval is wrong."""
        return (1 - self.confidence) / 2

    def of(self, key: str, priority: Collection[str]) -> float:
        """The margin of a figure."""
        kind, _, name = key.partition("/")
        return (
            self.means
            if key in (*MEANS, DELTA)
            else 2 * self.classes
            if kind == "dice" and name not in priority
            else self.classes
        )


def judge(
    figures: Sequence[Figure], priority: Collection[str], margins: Margins, spread: Mapping[str, Spread] | None = None
) -> list[Change]:
    """The answer for each figure; Holm's rule is applied to all of them together.

    Args:
        figures: from ``paired_figures``, of one comparison or of several.
        priority: names of the priority classes.
        margins: how far each may fall.
        spread: by key, the variance that the seeds of the trainings add to a change.
    """
    spreads = [(spread or {}).get(figure.key, NO_SPREAD) for figure in figures]
    estimates = [with_spread(figure.change, extra) for figure, extra in zip(figures, spreads, strict=True)]
    chances = holm([estimate.chance_of_no_fall() for estimate in estimates])
    changes = []
    for figure, estimate, extra, chance in zip(figures, estimates, spreads, chances, strict=True):
        needed = figure.key in (*MEANS, POOLED, DELTA, *(f"dice/{name}" for name in priority))
        margin = margins.of(figure.key, priority)
        surely = chance < 1 - margins.confidence
        answer = answer_to(estimate, margin, margins.tail, surely=surely, needed=needed)
        frames = math.nan
        if answer in (OPEN, UNCLEAR):
            frames = frames_needed(figure.change, margin, margins.tail, figure.frames, extra)
        found = (*estimate.interval(margins.tail), margin, answer, frames, figure.frames)
        changes.append(Change(figure.key, figure.before, figure.after, *found))
    return changes


def answer_to(change: Estimate, margin: float, tail: float, *, surely: bool, needed: bool) -> str:
    """The answer for one figure.

    Args:
        change: the estimate of its change.
        margin: how far it may fall.
        tail: the chance that one end of the interval is wrong.
        surely: whether the figure fell, with chance ruled out.
        needed: whether the figure has to be as good.
    """
    if math.isnan(change.value):
        return ABSENT
    if surely and change.value < -margin:
        return WORSE
    low, _ = change.interval(tail)
    if low > -margin:
        return BETTER if low > 0 else AS_GOOD
    return OPEN if needed or change.value < -margin else UNCLEAR


def decision(changes: Iterable[Change]) -> str:
    """The answer for all figures together: worse if any is, else not enough data if any is, else as good."""
    answers = {change.answer for change in changes}
    return next((answer for answer in (WORSE, OPEN) if answer in answers), AS_GOOD)


def latency_change(before: Sequence[float], after: Sequence[float], limit: float) -> Change:
    """Milliseconds of two models measured in turns: the medians, and the range of the differences in each turn.

    Other load on the machine affects both models of a turn, so the median of the turns' ratios decides. The answer is
    ``worse`` if it is above 1 + ``limit``.
    """
    turns = list(zip(before, after, strict=True))
    differences = [second - first for first, second in turns]
    slower = median(second / first for first, second in turns) > 1 + limit
    answer = WORSE if slower else BETTER if max(differences) < 0 else AS_GOOD
    old, new = median(before), median(after)
    return Change(LATENCY, old, new, min(differences), max(differences), limit * old, answer)


def latency_tried(measure: Callable[[], tuple[Sequence[float], Sequence[float]]], limit: float) -> Change:
    """``latency_change`` of a measurement; the answer is worse only if it is worse in each of ``TRIES`` tries."""
    for _ in range(TRIES):
        change = latency_change(*measure(), limit)
        if change.answer != WORSE:
            break
    return change
