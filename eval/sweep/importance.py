"""Which parameters of a sweep mattered: permutation importance of a random forest, and correlations with their sign.

The importance of a parameter is the R² that the forest loses on runs that it did not see (out of bag) when the
parameter's values are shuffled among them (Breiman 2001, Random Forests), as a share of what all parameters cost. With
few runs some of it is chance: every forest also gets a shuffled copy of each parameter, and a parameter stands out when
it costs more than the best of these copies in so many forests that a coin would rarely do it (Boruta: Kursa and
Rudnicki 2010, Feature selection with the Boruta package). None does where the forests explain nothing out of bag.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from eval.sweep.record import SweepRecord, text_of

FEWEST = 5  # runs; with fewer nothing is computed
TREES = 50
FORESTS, WINS = 20, 15  # a coin falls 15 times of 20 or more in 2 % of cases
WIDE = 10  # a parameter whose largest value is so many times its smallest is read by its logarithm

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Importance:
    """One parameter.

    Attributes:
        parameter: its name.
        value: its share of the R² that shuffling costs, in [0, 1]; all shares add up to 1.
        stands_out: whether shuffled copies of the parameters rarely cost as much, and the forest explains something.
        correlation: of the score with a number (wide ranges by their logarithm) or a switch; None for a choice.
        by_choice: of a choice, the correlation of the score with each value.
    """

    parameter: str
    value: float
    stands_out: bool
    correlation: float | None
    by_choice: Mapping[str, float]


@dataclass(frozen=True)
class Importances:
    """Every parameter that varied, most important first.

    Attributes:
        rows: the parameters; empty with fewer than ``FEWEST`` runs, or where all scores are equal.
        explained: R² of the forest on runs that it did not see (out of bag); NaN without rows.
        runs: how many were judged.
    """

    rows: tuple[Importance, ...]
    explained: float
    runs: int


@dataclass(frozen=True)
class Code:
    """A parameter as numbers: ``columns`` (runs, k), one for a number or a switch, else one for each of ``choices``."""

    columns: Array
    choices: tuple[str, ...]


def encode(values: Sequence[Any]) -> Code | None:
    """The values of a parameter as columns; None where they are all the same."""
    if len({text_of(value) for value in values}) < 2:
        return None
    if all(isinstance(value, int | float) for value in values):  # switches too
        column = np.array(values, dtype=float)
        wide = column.min() > 0 and column.max() >= WIDE * column.min()
        return Code((np.log10(column) if wide else column)[:, None], ())
    texts = [text_of(value) for value in values]
    choices = tuple(sorted(set(texts)))
    return Code(np.array([[text == choice for choice in choices] for text in texts], dtype=float), choices)


def importances(sweep: SweepRecord, seed: int = 0) -> Importances:
    """The importance of each parameter for the sweep's metric; the same for the same runs and seed."""
    runs = sweep.judged()
    scores = np.array([sweep.score(run) for run in runs])
    codes = {name: encode([run.settings.get(name) for run in runs]) for name in sweep.parameters}
    found = {name: code for name, code in codes.items() if code is not None}
    if len(runs) < FEWEST or not found or np.ptp(scores) == 0:
        return Importances((), math.nan, len(runs))
    random = np.random.default_rng(seed)
    columns = [code.columns for code in found.values()]
    rounds = [
        _lost([*columns, *(random.permutation(part) for part in columns)], scores, random) for _ in range(FORESTS)
    ]
    lost = np.stack([costs for costs, _ in rounds])  # (forests, parameters and their copies)
    own, copies = lost[:, : len(columns)], lost[:, len(columns) :]
    wins = (own > copies.max(1, keepdims=True)).sum(0)  # (parameters,)
    explained = float(np.mean([share for _, share in rounds]))
    shares = own.mean(0).clip(0) / (own.mean(0).clip(0).sum() or 1.0)
    rows = [
        Importance(name, float(share), bool(won >= WINS and explained > 0), *_correlations(code, scores))
        for (name, code), share, won in zip(found.items(), shares, wins, strict=True)
    ]
    return Importances(tuple(sorted(rows, key=lambda row: -row.value)), explained, len(runs))


def _lost(columns: Sequence[Array], scores: Array, random: np.random.Generator) -> tuple[Array, float]:
    """The R² that a forest loses out of bag when each parameter is shuffled (parameters,), and its R² out of bag."""
    whole, count = np.hstack(columns), len(scores)  # (runs, k)
    ends = np.cumsum([part.shape[1] for part in columns])
    spans = [slice(end - part.shape[1], end) for end, part in zip(ends, columns, strict=True)]
    lost, total, votes = np.zeros(len(spans)), np.zeros(count), np.zeros(count)
    for _ in range(TREES):
        bag = random.integers(count, size=count)
        out = np.setdiff1d(np.arange(count), bag)
        if len(out) == 0:
            continue
        tree = DecisionTreeRegressor(random_state=int(random.integers(2**31))).fit(whole[bag], scores[bag])
        versions = np.stack([whole[out]] * (1 + len(spans)))  # as it is, then with each parameter shuffled
        for version, span in zip(versions[1:], spans, strict=True):
            version[:, span] = version[random.permutation(len(out)), span]
        predicted = tree.predict(versions.reshape(-1, whole.shape[1])).reshape(len(versions), -1)
        errors = ((predicted - scores[out]) ** 2).mean(1)
        lost += errors[1:] - errors[0]
        total[out] += predicted[0]
        votes[out] += 1
    seen = votes > 0
    explained = 1 - np.mean((total[seen] / votes[seen] - scores[seen]) ** 2) / scores.var()
    return lost / TREES / scores.var(), float(explained)


def _correlations(code: Code, scores: Array) -> tuple[float | None, dict[str, float]]:
    each = [float(np.corrcoef(column, scores)[0, 1]) for column in code.columns.T]
    return (None, dict(zip(code.choices, each, strict=True))) if code.choices else (each[0], {})
