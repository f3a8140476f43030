"""Which parameters of a sweep have an effect, if the settings of each run depended on the results of earlier runs.

A Bayesian sweep makes most of its runs near good settings. So an idle parameter may correlate with the score without
any effect. Its shuffled copies, with which forests are judged, do not correlate. Likelihoods do not depend on how the
points were chosen (Berger and Wolpert 1988, The Likelihood Principle, 4.2). So a Gaussian process is fitted with and
without each parameter, and the ratio of the likelihoods is a Bayes factor. Its mean over sweeps with an idle parameter
is 1, whatever the sampling. So it exceeds `ODDS` in at most 1 of `ODDS` sweeps (Ville's inequality), if the process
describes the score. `python -m benchmarks.sweep_importance` measures it.

The page of a sweep (wandb_local) and its report (eval) show the same. Because neither package imports the other, both
have a copy of this file and of its Gaussian process. A test checks that the copies are equal.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.sweep.gaussian_process import Array, Flags, GaussianProcess

ODDS = 10.0  # a Bayes factor from which a parameter stands out
FEWEST, MOST = 5, 100  # runs to learn from; of more, so many evenly over the sweep
WIDE = 10  # a parameter whose largest value is so many times its smallest is read by its logarithm
DRAWS = 256  # points at which the effect of a change is measured
LARGEST = 1e100  # of the scores: their squares must be finite
FENCE = 1.5  # quartile ranges beyond the quartiles, where a disaster is drawn in


@dataclass(frozen=True)
class Effect:
    """The effect of a parameter.

    Attributes:
        share: share of the variance over independent settings that the parameter causes, alone and together with others
            (total Sobol index). The shares of all parameters add up to 1, or to 0 if the process is flat.
        stands_out: whether leaving the parameter out makes the scores `ODDS` times less likely.
    """

    share: float
    stands_out: bool


def effects(values: Sequence[Sequence[Any]], scores: Sequence[float]) -> tuple[list[Effect], float]:
    """The effect of each parameter, and the R² of the scores, each predicted from the others; deterministic.

    Args:
        values: for each parameter one value per run, not all equal; None if a run has none.
        scores: one per run, at least `FEWEST`, finite and not all equal. No parameter stands out if R² is not above 0.
    """
    kept = np.unique(np.linspace(0, len(scores) - 1, min(len(scores), MOST)).round().astype(int))
    columns = [_coded([given[i] for i in kept]) for given in values]
    x = np.column_stack([column for column, _ in columns])  # (n, d)
    choice: Flags = np.array([chosen for _, chosen in columns], dtype=bool)
    y = _standardised(np.asarray(scores, dtype=float)[kept])
    process = GaussianProcess(x, y, choice, doubtful=True)
    others = ~np.eye(len(choice), dtype=bool)
    factors = [GaussianProcess(x[:, rest], y, choice[rest], doubtful=True).loss - process.loss for rest in others]
    explained = 1 - float(np.mean(process.left_out() ** 2) / (y.var() or 1.0))
    found = zip(_shares(process), factors, strict=True)
    return [Effect(float(share), factor > math.log(ODDS) and explained > 0) for share, factor in found], explained


def _coded(values: Sequence[Any]) -> tuple[Array, bool]:
    """A parameter as a column (n,), and whether it is a choice: numbers span [0, 1], choices are numbered."""
    if not all(value is None or _number(value) for value in values):
        texts = [json.dumps(value, sort_keys=True, default=str) for value in values]
        return np.unique(texts, return_inverse=True)[1].astype(float), True
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    if np.nanmin(numbers) > 0 and np.nanmax(numbers) >= WIDE * np.nanmin(numbers):
        numbers = np.log(numbers)
    numbers = np.where(np.isnan(numbers), np.nanmean(numbers), numbers)
    return (numbers - numbers.min()) / (np.ptp(numbers) or 1.0), False


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _standardised(scores: Array) -> Array:
    scores = np.clip(scores, -LARGEST, LARGEST)
    low, high = np.quantile(scores, [0.25, 0.75])
    reach = FENCE * (high - low)
    inside = np.clip(scores, low - reach, high + reach) if reach else scores
    return np.asarray((inside - inside.mean()) / (inside.std() or 1.0))


def _shares(process: GaussianProcess) -> Array:
    """Total Sobol indices of the process's mean (Jansen 1999): half the mean square of what redrawing a column does."""
    random = np.random.default_rng(0)
    first, second = (
        np.column_stack([random.choice(np.unique(column), DRAWS) for column in process.x.T]) for _ in range(2)
    )
    base, _ = process.predict(first)
    found = []
    for column in range(first.shape[1]):
        changed = first.copy()
        changed[:, column] = second[:, column]
        found.append(np.mean((process.predict(changed)[0] - base) ** 2))
    total = np.array(found)
    return total / total.sum() if total.sum() > 0 else total
