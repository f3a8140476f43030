"""Which changes from one model to another count: better or as good, worse, or not enough data to tell.

A figure is *as good* when the whole interval of its change lies above minus its margin (one-sided non-inferiority).
It is *worse* when it fell by more than the margin and it is ruled out that it did not fall, by Holm's rule over all
figures that are judged together: of two equal models, that keeps the chance of any "worse" at 1 - confidence. Otherwise
the images do not tell, and it is said how many would.

A model is as good when it is in Dice of each priority class, in object F1 over all of them, in mIoU and in priority
Dice: one that lost more than a margin in any of these passes in (1 - confidence) / 2 of all cases at most. Of object F1
of one class, and of Dice of a class that is no priority, there is seldom enough to tell: it is enough that they did not
fall by more than their margin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from eval.evidence import NO_SPREAD, Estimate, Spread, frames_needed, holm, with_spread
from eval.figures import POOLED, Figure
from eval.means import MEANS

LATENCY = "latency_ms"
TRIES = 3
BETTER, AS_GOOD, WORSE, OPEN, UNCLEAR, ABSENT = "better", "as good", "worse", "not enough data", "unclear", "absent"


@dataclass(frozen=True)
class Change:
    """One figure of two models.

    Attributes:
        key: as of a ``Figure``, or ``latency_ms``.
        before: of the first model; NaN where the images have no such class or object.
        after: of the second.
        low: lower end of the interval of ``after - before``; infinite where nothing is known about it.
        high: its upper end.
        margin: how far it may fall; how far ``latency_ms`` may grow.
        answer: ``better`` (the interval lies above no change), ``as good`` (above ``-margin``), ``worse``, ``not enough
            data``, ``absent`` where there was nothing to judge, ``unclear`` where the images do not tell and need not.
        frames: how many images like these would settle an open answer; infinite where more drives are needed.
        seen: how many images there are.
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
    """How far a figure may fall, in [0, 1], and how sure one has to be.

    Attributes:
        classes: Dice and object F1 of a priority class, and over all; Dice of another class may fall by twice as much.
        means: mIoU and priority Dice.
        confidence: of the two-sided intervals.
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
            if key in MEANS
            else 2 * self.classes
            if kind == "dice" and name not in priority
            else self.classes
        )


def judge(
    figures: Sequence[Figure], priority: Collection[str], margins: Margins, spread: Mapping[str, Spread] | None = None
) -> list[Change]:
    """An answer to each figure; all of them are one family for Holm's rule.

    Args:
        figures: from ``paired_figures``, of one comparison or of several.
        priority: names of the priority classes.
        margins: see there.
        spread: by key, what the seeds of the trainings add to the variance of a change.
    """
    spreads = [(spread or {}).get(figure.key, NO_SPREAD) for figure in figures]
    estimates = [with_spread(figure.change, extra) for figure, extra in zip(figures, spreads, strict=True)]
    chances = holm([estimate.chance_of_no_fall() for estimate in estimates])
    changes = []
    for figure, estimate, extra, chance in zip(figures, estimates, spreads, chances, strict=True):
        needed = figure.key in (*MEANS, POOLED, *(f"dice/{name}" for name in priority))
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
    """The answer to one figure.

    Args:
        change: its estimate.
        margin: how far it may fall.
        tail: the chance that a bound is wrong.
        surely: whether it is ruled out that it did not fall.
        needed: whether it has to be as good.
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
    """The answer to all figures together: worse where one is, else not enough data where one lacks it, else as good."""
    answers = {change.answer for change in changes}
    return next((answer for answer in (WORSE, OPEN) if answer in answers), AS_GOOD)


def latency_change(before: Sequence[float], after: Sequence[float], limit: float) -> Change:
    """Milliseconds of two models measured in turns: the medians, and the range of the differences turn by turn.

    What else a machine does meets both models of a turn, so it is the median of the turns' ratios that tells. It is
    ``worse`` where that is above 1 + ``limit``.
    """
    turns = list(zip(before, after, strict=True))
    differences = [second - first for first, second in turns]
    slower = median(second / first for first, second in turns) > 1 + limit
    answer = WORSE if slower else BETTER if max(differences) < 0 else AS_GOOD
    old, new = median(before), median(after)
    return Change(LATENCY, old, new, min(differences), max(differences), limit * old, answer)


def latency_tried(measure: Callable[[], tuple[Sequence[float], Sequence[float]]], limit: float) -> Change:
    """``latency_change`` of what is measured; worse only where it is in each of ``TRIES``."""
    for _ in range(TRIES):
        change = latency_change(*measure(), limit)
        if change.answer != WORSE:
            break
    return change
