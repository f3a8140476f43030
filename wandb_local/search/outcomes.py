"""The score of each run of a sweep from which a model can learn, or None."""

from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local.search.trial import Trial, best, finite


def outcomes(trials: Sequence[Trial], metric: Mapping[str, Any]) -> list[float | None]:
    """Score of each trial, higher is better; None while it runs, and for all while no run has reported the metric.

    A finished run counts with its best value (W&B's rule), one that never reported with the worst of all runs. A
    failed or crashed run counts by `metric.impute`: `worst` of all runs (default), or its own `latest` or `best` value
    where it has one. A killed run likewise, but without `metric.impute` by its own best value: it was stopped early, by
    hyperband or by hand, and what it reported until then is real. `metric.impute_while_running` counts running runs.
    """
    sign = 1.0 if metric["goal"] == "maximize" else -1.0
    known = [sign * value for trial in trials if (value := best(trial, metric["goal"])) is not None]
    if not known:
        return [None] * len(trials)
    scores: list[float | None] = []
    for trial in trials:
        strategy = _strategy(trial, metric)
        value = None if strategy in (None, "worst") else _own(trial, metric["goal"], latest=strategy == "latest")
        scores.append(None if strategy is None else min(known) if value is None else sign * value)
    return scores


def _strategy(trial: Trial, metric: Mapping[str, Any]) -> str | None:
    """How a trial counts: by its best or latest value, as the worst, or (None) not yet."""
    if trial.state == "finished":
        return "best"
    if trial.state in ("running", "pending"):
        running = metric.get("impute_while_running", "false") if trial.state == "running" else "false"
        return None if running == "false" else str(running)
    return str(metric.get("impute", "best" if trial.state == "killed" else "worst"))


def _own(trial: Trial, goal: str, latest: bool) -> float | None:
    if latest and (history := finite(trial.history)):
        return history[-1]
    return best(trial, goal)
