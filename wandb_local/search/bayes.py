"""Bayesian search: a Gaussian process over the runs so far, and the point where it expects the largest improvement.

Points are coded column by column: a choice as its index, everything else as its quantile in its own distribution, where
log-uniform, normal and beta parameters all look uniform. The first points are those of a scrambled Sobol sequence: it
fills the space evenly, where random points leave gaps and distant ones sit in corners. Runs under way count with the
value that the model expects (kriging believer), so that parallel agents spread; no point is handed out twice while
others are left.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr
from scipy.stats import qmc

from wandb_local.search.distributions import Choice
from wandb_local.search.gaussian_process import Array, Flags, GaussianProcess
from wandb_local.search.outcomes import outcomes
from wandb_local.search.space import Space
from wandb_local.search.trial import Trial

FIRST = 4  # runs before the model is asked
LEAST = 6  # logarithm of how many points of the Sobol sequence are looked at
MOST = 80  # runs that the model learns from: the best ones and the newest
RANDOM, MUTANTS, CHILDREN, PARENTS = 400, 400, 200, 20  # candidates
SEARCHED = 1000  # further draws when all candidates were handed out already
LARGEST = 1e100  # of the scores: their squares must be finite
SCALES = (0.1, 0.03, 0.01)  # of the steps in which the best candidates are refined


class Code:
    """Points of a space as rows of numbers; parameters with a single value are left out."""

    def __init__(self, space: Space) -> None:
        self.space = space
        distributions = [dimension.distribution for dimension in space.dimensions]
        self.columns = [i for i, d in enumerate(distributions) if not isinstance(d, Choice) or len(d.support) > 1]
        self.distributions = [distributions[i] for i in self.columns]
        self.choice: Flags = np.array([isinstance(d, Choice) for d in self.distributions], dtype=bool)

    def encode(self, values: Sequence[Any]) -> Array | None:
        """Row (d,) of a point; None if a value is not of its distribution (a run that this sweep did not make)."""
        row = [d.encode(values[i]) for i, d in zip(self.columns, self.distributions, strict=True)]
        return None if None in row else np.array(row, dtype=float)

    def decode(self, row: Array) -> list[Any]:
        """Values of a row (d,)."""
        values = [dimension.distribution.ppf(0.5) for dimension in self.space.dimensions]
        for i, distribution, x in zip(self.columns, self.distributions, row, strict=True):
            values[i] = distribution.decode(float(x))
        return values

    def place(self, uniform: Array) -> Array:
        """Rows (count, d) at uniform numbers in [0, 1): a choice by the share of its probability, a number as it is."""
        rows = uniform.copy()
        for column, distribution in enumerate(self.distributions):
            if isinstance(distribution, Choice):
                shares = np.cumsum(distribution.probabilities[:-1])
                rows[:, column] = np.searchsorted(shares, uniform[:, column], side="right")
        return rows

    def draw(self, count: int, generator: np.random.Generator) -> Array:
        """Rows (count, d) by the parameters' distributions."""
        return self.place(generator.random((count, len(self.columns))))

    def even(self, first: int, seed: int) -> Array:
        """Rows (count, d) of this seed's scrambled Sobol sequence, from the one with the number `first` on."""
        sequence = qmc.Sobol(len(self.columns), seed=seed)  # Owen 1998, doi 10.1006/jcom.1998.0487
        return self.place(sequence.random_base2(max(LEAST, first.bit_length()))[first:])

    def mutate(self, rows: Array, count: int, scale: Array | float, generator: np.random.Generator) -> Array:
        """Copies (count, d) of random rows with some columns redrawn (choices) or moved by about `scale` (numbers)."""
        width = len(self.columns)
        copies = rows[generator.integers(len(rows), size=count)]
        moved = np.clip(copies + scale * generator.standard_normal((count, width)), 0.0, 1.0)
        share = generator.choice([1.5 / width, 0.5, 1.0], size=(count, 1))
        change = generator.random((count, width)) < share
        change[np.arange(count), generator.integers(width, size=count)] = True
        return np.where(change, np.where(self.choice, self.draw(count, generator), moved), copies)


def suggest(space: Space, metric: Mapping[str, Any], seed: int, trials: Sequence[Trial]) -> list[Any]:
    """Point that follows `trials`; the random stream depends on the seed and their number alone.

    The first points are the Sobol sequence's, each by the number of the runs before it. A point that some run has
    already is passed over as long as another one can be found.
    """
    code = Code(space)
    generator = np.random.default_rng([seed % 2**63, len(trials)])
    results = [
        (row, result)
        for trial, result in zip(trials, outcomes(trials, metric), strict=True)
        if (values := space.values(trial.args)) is not None and (row := code.encode(values)) is not None
    ]
    scored = [(row, score) for row, score in results if score is not None]
    if len(scored) < FIRST:
        rows = code.even(len(trials), seed % 2**63)
    else:
        waiting = [row for row, score in results if score is None]
        rows = _promising(code, _informative(scored), waiting, generator)
    taken = space.taken(trials)
    more = (row for row in code.draw(SEARCHED, generator))
    points = map(code.decode, itertools.chain(rows, more))
    return next((values for values in points if space.point(values) not in taken), code.decode(rows[0]))


def _informative(scored: Sequence[tuple[Array, float]]) -> Sequence[tuple[Array, float]]:
    """At most `MOST` runs to learn from, half of them the newest and the rest the best of the others."""
    if len(scored) <= MOST:
        return scored
    older, newest = scored[: -MOST // 2], scored[-MOST // 2 :]
    return [*sorted(older, key=lambda item: -item[1])[: MOST - len(newest)], *newest]


def _promising(
    code: Code, scored: Sequence[tuple[Array, float]], waiting: Sequence[Array], generator: np.random.Generator
) -> Array:
    """Rows by falling expected improvement: random ones and mutants of the best, the leaders refined three times."""
    scores = np.array([score for _, score in scored])
    process = GaussianProcess(np.array([row for row, _ in scored]), _standardised(scores), code.choice)
    if waiting:
        process.believe(np.array(waiting))
    means, _ = process.predict(process.x)
    leaders = process.x[np.argsort(-means)[:5]]
    scales = generator.choice([0.05, 0.2], size=(MUTANTS, 1))
    rows = np.vstack([code.draw(RANDOM, generator), code.mutate(leaders, MUTANTS, scales, generator)])
    order = np.argsort(-_improvement(process, rows, means.max()))
    for scale in SCALES:
        parents = rows[order[:PARENTS]]
        rows = np.vstack([parents, code.mutate(parents, CHILDREN, scale, generator)])
        order = np.argsort(-_improvement(process, rows, means.max()))
    return rows[order]


def _standardised(scores: Array) -> Array:
    """Scores with mean 0 and deviation 1; disasters are drawn in so that they do not flatten the rest."""
    scores = np.clip(scores, -LARGEST, LARGEST)
    middle, highest = np.median(scores), scores.max()
    clipped = np.maximum(scores, middle - 2 * (highest - middle)) if highest > middle else scores
    return np.asarray((clipped - clipped.mean()) / (clipped.std() or 1.0))


def _improvement(process: GaussianProcess, rows: Array, best: float) -> Array:
    """Logarithm of the expected improvement over `best`, by its asymptote where the improvement is hopeless."""
    mean, deviation = process.predict(rows)
    z = (mean - best) / deviation
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    near = np.log(np.maximum(density + z * ndtr(z), 1e-300))
    far = log_ndtr(z) - np.log(np.maximum(-z, 1.0))
    return np.asarray(np.where(z > -5, near, far) + np.log(deviation))
