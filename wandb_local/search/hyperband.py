"""Hyperband early stopping by W&B's rule.

Brackets are counts of logged metric values. At a bracket, the metric of every run that got so far sets a threshold:
the value that the best 1/eta of them reach. A running run that is worse than the threshold of the last bracket it has
passed is stopped: by its best value so far, or with `strict` by its value at the bracket.
Sources: https://docs.wandb.ai/models/sweeps/sweep-config-keys; Li et al. 2018, https://arxiv.org/abs/1603.06560
"""

import itertools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local.search.config import validate
from wandb_local.search.trial import Trial, finite

MOST_BRACKETS = 100


def brackets(rule: Mapping[str, Any], longest: int) -> list[int]:
    """Counts of logged values at which runs are judged, ascending, up to `longest`.

    From `max_iter` and `s`: max_iter/eta, max_iter/eta², … (s of them, as long as they are 1 or more). From `min_iter`:
    min_iter, min_iter·eta, …, 100 of them, or up to `max_iter`.
    """
    eta = rule["eta"]
    if "max_iter" in rule and "s" in rule:
        downward = itertools.accumulate(itertools.repeat(eta, rule["s"]), operator.truediv, initial=rule["max_iter"])
        counts = itertools.takewhile(lambda count: count >= 1, itertools.islice(downward, 1, None))
        return sorted({int(count) for count in counts if count < longest + 1})
    last = min(longest, rule.get("max_iter", longest))
    upward = itertools.accumulate(itertools.repeat(eta, MOST_BRACKETS - 1), operator.mul, initial=rule["min_iter"])
    return sorted({int(count) for count in itertools.takewhile(lambda count: count < last + 1, upward)})


def stop_early(config: Mapping[str, Any], trials: Sequence[Trial]) -> set[int]:
    """Indices of the running trials to stop; none without `early_terminate`.

    Values that are not finite do not count as logged. Raises `SweepConfigError` like `validate`.
    """
    if config.get("early_terminate") is None:
        return set()
    config = validate(config)
    rule = config["early_terminate"]
    sign = -1.0 if config["metric"]["goal"] == "maximize" else 1.0
    histories = [[sign * value for value in finite(trial.history)] for trial in trials]
    counts = brackets(rule, max(map(len, histories), default=0))
    thresholds = {count: _threshold(histories, count, rule["eta"]) for count in counts}
    return {
        index
        for index, (trial, history) in enumerate(zip(trials, histories, strict=True))
        if trial.state == "running" and _worse(history, thresholds, strict=rule["strict"])
    }


def _threshold(histories: Sequence[Sequence[float]], count: int, eta: float) -> float:
    """Value at the bracket below which the best 1/eta of the runs that reached it lie; lower is better."""
    values = sorted(history[count - 1] for history in histories if len(history) >= count)
    return values[int(1 / eta * len(values))]


def _worse(history: Sequence[float], thresholds: Mapping[int, float], strict: bool) -> bool:
    passed = [count for count in thresholds if count <= len(history)]
    if not passed:
        return False
    value = history[passed[-1] - 1] if strict else min(history)
    return value > thresholds[passed[-1]]
