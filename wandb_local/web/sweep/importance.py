"""Which parameters matter for the metric: their effects, and their direction by correlation.

W&B's panel shows two such numbers (https://docs.wandb.ai/models/app/features/panels/parameter-importance), the first by
a forest, to which idle parameters of a Bayesian sweep often look important; to `wandb_local.search.effects` few do.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wandb_local.web.sweep.read import STOPPED_EARLY, Parameter, SweepRun

JUDGED = ("finished", "killed", STOPPED_EARLY)  # what a run that was stopped had reached by then is real
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Importance:
    """A parameter's share of the explained variance, 0 to 1 and 1 in all, whether it can be told from chance, and its
    correlation with the metric, -1 to 1.

    Of a parameter with named values, ``value`` is the one whose presence correlates most, and ``correlation`` its own.
    """

    name: str
    importance: float
    stands_out: bool
    correlation: float
    value: str | None = None


def importances(parameters: Sequence[Parameter], runs: Sequence[SweepRun]) -> list[Importance]:
    """One entry for each parameter that took two values or more, most important first; none from too few runs.

    A run counts if it has the metric and has ended well or been stopped: what others show cannot be compared.
    """
    from wandb_local.search.effects import FEWEST, effects  # on first use: the server starts without scipy

    counted = ended(runs)
    target = np.array([run.metric for run in counted], dtype=float)
    given = {p: [run.values.get(p.name) for run in counted] for p in parameters}
    varied = {p: values for p, values in given.items() if len({as_text(value) for value in values}) > 1}
    if len(counted) < FEWEST or not varied or not np.ptp(target):
        return []
    found, _ = effects([*varied.values()], target.tolist())
    rows = [
        Importance(p.name, effect.share, effect.stands_out, *_strongest(p, values, target))
        for (p, values), effect in zip(varied.items(), found, strict=True)
    ]
    return sorted(rows, key=lambda entry: -entry.importance)


def ended(runs: Sequence[SweepRun]) -> list[SweepRun]:
    """The runs that count."""
    return [run for run in runs if run.metric is not None and run.state in JUDGED]


def _strongest(parameter: Parameter, values: Sequence[Any], target: Floats) -> tuple[float, str | None]:
    """The correlation of a number, or of the named value that has the strongest one, and that value."""
    features, labels = encode(parameter, values)
    signs = [_correlation(column, target) for column in features.T]
    strongest = int(np.argmax(np.abs(signs)))
    return signs[strongest], labels[strongest] if labels else None


def encode(parameter: Parameter, values: Sequence[Any]) -> tuple[Floats, list[str]]:
    """Features ``(runs, columns)`` of a parameter: one column of numbers (missing ones at their mean, logarithms where
    it is searched on such a scale), or one for each named value; and the values' names."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
        if parameter.log and np.nanmin(numbers) > 0:
            numbers = np.log(numbers)
        return np.where(np.isnan(numbers), np.nanmean(numbers), numbers)[:, None], []
    labels = [as_text(value) for value in values]
    names = sorted(set(labels))
    return np.array([[label == name for name in names] for label in labels], dtype=float), names


def as_text(value: Any) -> str:
    """A value as text; a missing one is ``none``."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _correlation(feature: Floats, target: Floats) -> float:
    """Pearson's; 0 for a constant."""
    spread = feature.std() * target.std()
    return float(((feature - feature.mean()) * (target - target.mean())).mean() / spread) if spread > 0 else 0.0
