"""Which parameters matter for the metric: importance by a forest of random trees, direction by correlation.

W&B's panel shows the same two numbers (https://docs.wandb.ai/models/app/features/panels/parameter-importance). The
forest is that of extremely randomized trees (Geurts, Ernst and Wehenkel 2006, doi 10.1007/s10994-006-6226-1): at each
node one random threshold for each feature, and the best of them splits. A feature's importance is how much its splits
reduce the variance of the metric. Linear correlation alone would miss what is not monotonic, and interactions.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wandb_local.records.states import UNDER_WAY
from wandb_local.web.sweep.read import Parameter, SweepRun

FEWEST_RUNS = 5
_TREES = 100
_MOST_RUNS = 1000
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Importance:
    """A parameter's share of the explained variance, 0 to 1 and 1 in all, and its correlation with the metric, -1 to 1.

    Of a parameter with named values, ``value`` is the one whose presence correlates most, and ``correlation`` its own.
    """

    name: str
    importance: float
    correlation: float
    value: str | None = None


def importances(parameters: Sequence[Parameter], runs: Sequence[SweepRun]) -> list[Importance]:
    """One entry for each parameter that took two values or more, most important first; none from too few runs.

    A run counts if it has the metric and has ended: what it shows in the middle cannot be compared.
    """
    counted = ended(runs)
    if len(counted) < FEWEST_RUNS:
        return []
    target = np.array([run.metric for run in counted], dtype=float)
    blocks = {p.name: encode(p, [run.values.get(p.name) for run in counted]) for p in parameters}
    blocks = {name: block for name, block in blocks.items() if block[0].size and np.ptp(block[0], axis=0).any()}
    if not blocks or not np.ptp(target):
        return []
    owners = [name for name, (features, _) in blocks.items() for _ in range(features.shape[1])]
    shares = forest_importance(np.hstack([features for features, _ in blocks.values()]), target)
    found = []
    for name, (features, labels) in blocks.items():
        signs = [_correlation(column, target) for column in features.T]
        strongest = int(np.argmax(np.abs(signs)))
        share = float(sum(share for share, owner in zip(shares, owners, strict=True) if owner == name))
        found.append(Importance(name, share, signs[strongest], labels[strongest] if labels else None))
    return sorted(found, key=lambda entry: -entry.importance)


def ended(runs: Sequence[SweepRun]) -> list[SweepRun]:
    """The runs that count."""
    return [run for run in runs if run.metric is not None and run.state not in UNDER_WAY][-_MOST_RUNS:]


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


def forest_importance(features: Floats, target: Floats) -> Floats:
    """Importance of each column of ``features (n, p)`` for ``target (n,)``; they add up to 1. The same every time."""
    draw = np.random.default_rng(0)
    target = (target - target.mean()) / target.std()
    leaf = max(2, len(target) // 50)
    gains = np.zeros(features.shape[1])
    for _ in range(_TREES):
        nodes = [np.arange(len(target))]
        while nodes:
            nodes += _split(features, target, nodes.pop(), leaf, draw, gains)
    return gains / gains.sum() if gains.sum() > 0 else gains


def _split(
    features: Floats, target: Floats, rows: npt.NDArray[np.int64], leaf: int, draw: np.random.Generator, gains: Floats
) -> list[npt.NDArray[np.int64]]:
    """The two halves of a node by the best of one random threshold for each feature; adds its gain to ``gains``."""
    if len(rows) < 2 * leaf:
        return []
    x, y = features[rows], target[rows]
    low, high = x.min(axis=0), x.max(axis=0)
    left = x < low + draw.uniform(size=len(low)) * (high - low)  # (n, p)
    count, total = left.sum(axis=0), y @ left
    others = len(rows) - count
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = total**2 / count + (y.sum() - total) ** 2 / others - y.sum() ** 2 / len(rows)
    gain[(count < leaf) | (others < leaf)] = 0.0
    best = int(np.argmax(gain))
    if gain[best] <= 1e-12:
        return []
    gains[best] += gain[best]
    return [rows[left[:, best]], rows[~left[:, best]]]


def _correlation(feature: Floats, target: Floats) -> float:
    """Pearson's; 0 for a constant."""
    spread = feature.std() * target.std()
    return float(((feature - feature.mean()) * (target - target.mean())).mean() / spread) if spread > 0 else 0.0
