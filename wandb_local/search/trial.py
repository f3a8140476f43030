"""A run of a sweep, as the search sees it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["pending", "running", "finished", "failed", "crashed", "killed"]


@dataclass(frozen=True)
class Trial:
    """One run of a sweep, as the search sees it.

    Attributes:
        args: the values handed out for it, in the shape `Search.suggest` returned.
        state: the run's state; `pending` was handed out and has not started.
        metric: the metric's value in the run's summary (best or last, as `define_metric` says), None without one.
        history: the metric's logged values, in order of logging; one entry for each log that carried it.
    """

    args: dict[str, Any]
    state: State
    metric: float | None = None
    history: Sequence[float] = field(default_factory=list)


def finite(values: Iterable[Any]) -> list[float]:
    """Keep the finite numbers; NaN, infinities, None and text are what diverged runs log."""
    return [
        float(value)
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ]


def best(trial: Trial, goal: str) -> float | None:
    """Best finite value that the run reported in its history or summary, W&B's measure of a run; None without one."""
    values = finite([*trial.history, trial.metric])
    if not values:
        return None
    return max(values) if goal == "maximize" else min(values)
