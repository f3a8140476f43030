"""The uncertainty of a difference between two models: pure functions of numbers.

A score of a split follows from sums over its frames. Neighbouring frames of a drive resemble each other, so the
observations are drives, or stretches of drives. Every stretch is left out once, and the changes of the difference give
its standard error (delete-a-group jackknife, Shao and Wu 1989). Both models see the same frames, so the difficulty of a
frame cancels. With few stretches the standard error is uncertain, so intervals use Student's t. A stretch counts by its
share of the scored pixels or objects: if one stretch holds most of a class, there is little more than one observation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

STRETCH = 2.5  # frames in a stretch, times √N: `python -m benchmarks.gate` shows what shorter ones would do
MOST_FRAMES = 1e6

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Estimate(NamedTuple):
    """A difference, its standard error (NaN if unknown), and the degrees of freedom of the error."""

    value: float
    error: float
    freedom: float

    def bound(self, tail: float) -> float:
        """The distance of a bound from the value, if it may be wrong with probability ``tail``; infinite if unknown."""
        return float(stdtrit(self.freedom, 1 - tail)) * self.error if self.known else math.inf

    def interval(self, tail: float) -> tuple[float, float]:
        """Lower and upper bound; NaN without a value."""
        return self.value - self.bound(tail), self.value + self.bound(tail)

    def chance_of_no_fall(self) -> float:
        """The one-sided p-value of the hypothesis that the difference is not below 0; 1 if the error is unknown."""
        if not self.known or not self.value < 0:
            return 1.0
        return float(stdtr(self.freedom, self.value / self.error)) if self.error else 0.0

    @property
    def known(self) -> bool:
        """Whether the error is known, with at least one degree of freedom."""
        return not math.isnan(self.error) and self.freedom >= 1


class Spread(NamedTuple):
    """A variance, and the degrees of freedom of its estimate."""

    variance: float
    freedom: float


NO_SPREAD = Spread(0.0, 1.0)


def stretches(sequences: Sequence[str]) -> Ints:
    """The stretch of each frame, numbered from 0 on.

    Each drive is cut into equal stretches of about ``STRETCH`` √N frames; a shorter drive is one stretch.

    Args:
        sequences: the drive of each of the N frames, in the order of the frames; frames of a drive are neighbours.
    """
    length = STRETCH * math.sqrt(len(sequences))
    drives = np.unique(np.asarray(sequences), return_counts=True)[1]
    numbers = np.empty(len(sequences), dtype=np.int64)
    order, start, first = np.argsort(np.asarray(sequences), kind="stable"), 0, 0
    for count in drives.tolist():
        pieces = max(1, round(count / length))
        numbers[order[start : start + count]] = first + np.arange(count) * pieces // count
        start, first = start + count, first + pieces
    return numbers


def sums_left_out(values: Floats, stretch: Ints) -> tuple[Floats, Floats]:
    """Sums over frames: (1 + B, …) over all of them, then without each stretch, and (B, …) within each.

    Args:
        values: (N, …).
        stretch: (N,) from 0 to B - 1.
    """
    within = np.zeros((int(stretch.max()) + 1, *values.shape[1:]))
    np.add.at(within, stretch, values)
    total = within.sum(0, keepdims=True)
    return np.concatenate([total, total - within]), within


def jackknife(scores: Floats, weights: Floats) -> Estimate:
    """The estimate of a difference.

    Args:
        scores: (1 + B,) the score of all frames, then without each stretch; NaN if nothing is left to be scored.
        weights: (B,) the scored pixels or objects in each stretch.
    """
    if math.isnan(scores[0]):
        return Estimate(math.nan, math.nan, 0.0)
    shares = weights[weights > 0] / weights.sum()
    moved = scores[1:][weights > 0] - scores[0]
    effective = 1 / float((shares**2).sum())
    error = math.sqrt((1 - 1 / len(shares)) * float((moved**2).sum()))
    return Estimate(float(scores[0]), error, effective - 1)


def with_spread(estimate: Estimate, spread: Spread) -> Estimate:
    """The estimate with another, independent variance in its error (Satterthwaite 1946)."""
    variance, freedom = spread
    if not estimate.known or variance == 0:
        return estimate
    own = estimate.error**2
    joint = (own + variance) ** 2 / (own**2 / estimate.freedom + variance**2 / freedom)
    return Estimate(estimate.value, math.sqrt(own + variance), joint)


def pooled(groups: Iterable[Sequence[float]]) -> Spread:
    """The variance within groups of values, and its degrees of freedom; ``NO_SPREAD`` if no group has two values."""
    groups = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in groups)
    squares = sum((len(group) - 1) * float(np.var(group, ddof=1)) for group in groups)
    return Spread(squares / freedom, freedom) if freedom else NO_SPREAD


def holm(chances: Sequence[float]) -> list[float]:
    """P-values of a family, adjusted so that at most a share α of families has a false one below α (Holm 1979)."""
    adjusted, highest = [1.0] * len(chances), 0.0
    for rank, index in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[index]))
        adjusted[index] = highest
    return adjusted


def frames_needed(estimate: Estimate, margin: float, tail: float, frames: int, spread: Spread = NO_SPREAD) -> float:
    """The number of such frames that would decide whether ``value`` lies above ``-margin``, if it stays the same.

    Args:
        estimate: the estimate from ``frames`` frames.
        margin: how far the value may fall.
        tail: the chance that a bound is wrong.
        frames: number of frames.
        spread: the variance that more frames do not reduce.

    Returns:
        At least ``frames``; infinite if the error is unknown, or if more than a million would be needed.
    """
    distance, count = abs(estimate.value + margin), float(frames)
    while estimate.known and count < MOST_FRAMES:
        more = math.sqrt(count / frames)
        if with_spread(Estimate(0.0, estimate.error / more, estimate.freedom * more), spread).bound(tail) < distance:
            return count
        count *= 1.05
    return math.inf
