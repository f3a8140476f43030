"""Bayesian search: a Gaussian process over the runs so far, and the point where it expects the largest improvement.

Points are coded column by column: a choice as its index, everything else as its quantile in its own distribution, where
log-uniform, normal and beta parameters all look uniform. Runs under way count with the value that the model expects
(kriging believer), so that parallel agents spread; no point is handed out twice while others are left.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr

from wandb_local.search.distributions import Choice
from wandb_local.search.gaussian_process import Array, Flags, GaussianProcess, squared_distances
from wandb_local.search.outcomes import outcomes
from wandb_local.search.space import Space
from wandb_local.search.trial import Trial

FIRST = 3  # runs before the model is asked
SPREAD = 64  # candidates for each of them
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
        self.sizes = np.array([len(d.support) if isinstance(d, Choice) else 1 for d in self.distributions])

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

    def draw(self, count: int, generator: np.random.Generator) -> Array:
        """Uniform rows (count, d)."""
        uniform = generator.random((count, len(self.columns)))
        return np.where(self.choice, np.floor(uniform * self.sizes), uniform)

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

    The first points are random and far apart. A point that some run has already is passed over as long as another one
    can be found.
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
        rows = _spread(code, [row for row, _ in results], generator)
    else:
        waiting = [row for row, score in results if score is None]
        rows = _promising(code, _informative(scored), waiting, generator)
    taken = space.taken(trials)
    more = (row for row in code.draw(SEARCHED, generator))
    points = map(code.decode, itertools.chain(rows, more))
    return next((values for values in points if space.point(values) not in taken), code.decode(rows[0]))


def _spread(code: Code, known: Sequence[Array], generator: np.random.Generator) -> Array:
    """Random rows, those first that are farthest from all known ones."""
    rows = code.draw(SPREAD, generator)
    if not known:
        return rows
    distance = squared_distances(rows, np.array(known), code.choice).sum(-1).min(1)
    return rows[np.argsort(-distance)]


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
