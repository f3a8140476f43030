"""Which parameters of a sweep mattered: their effects, and correlations with their sign."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.sweep.effects import FEWEST, WIDE, effects
from eval.sweep.record import SweepRecord, text_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Importance:
    """One parameter.

    Attributes:
        parameter: its name.
        value: its share of the variance that is explained, alone and with others, in [0, 1]; all add up to 1.
        stands_out: whether the scores can hardly be explained without it (see `eval.sweep.effects`).
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
        explained: R² of the scores, each predicted from the other runs; NaN without rows.
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
    """The values of a parameter as columns; None if they are all the same."""
    if len({text_of(value) for value in values}) < 2:
        return None
    if all(isinstance(value, int | float) for value in values):  # switches too
        column = np.array(values, dtype=float)
        wide = column.min() > 0 and column.max() >= WIDE * column.min()
        return Code((np.log10(column) if wide else column)[:, None], ())
    texts = [text_of(value) for value in values]
    choices = tuple(sorted(set(texts)))
    return Code(np.array([[text == choice for choice in choices] for text in texts], dtype=float), choices)


def importances(sweep: SweepRecord) -> Importances:
    """The importance of each parameter for the sweep's metric; the same for the same runs."""
    runs = sweep.judged()
    scores = np.array([sweep.score(run) for run in runs])
    values = {name: [run.settings.get(name) for run in runs] for name in sweep.parameters}
    codes = {name: encode(given) for name, given in values.items()}
    varied = {name: code for name, code in codes.items() if code is not None}
    if len(runs) < FEWEST or not varied or np.ptp(scores) == 0:
        return Importances((), math.nan, len(runs))
    found, explained = effects([[_plain(value) for value in values[name]] for name in varied], scores.tolist())
    rows = [
        Importance(name, effect.share, effect.stands_out, *_correlations(code, scores))
        for (name, code), effect in zip(varied.items(), found, strict=True)
    ]
    return Importances(tuple(sorted(rows, key=lambda row: -row.value)), explained, len(runs))


def _plain(value: Any) -> Any:
    """A text or a mapping as its text, which is the same in whichever order and form it came."""
    return text_of(value) if isinstance(value, str | Mapping) else value


def _correlations(code: Code, scores: Array) -> tuple[float | None, dict[str, float]]:
    each = [float(np.corrcoef(column, scores)[0, 1]) for column in code.columns.T]
    return (None, dict(zip(code.choices, each, strict=True))) if code.choices else (each[0], {})
