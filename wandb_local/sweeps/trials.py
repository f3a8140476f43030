"""What the search knows: the runs of a sweep as trials, oldest first."""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.graphql.runs import state
from wandb_local.history import lookup, parse_row
from wandb_local.search import Trial
from wandb_local.search.trial import State, finite

_STATES = {"preempting": "running", "preempted": "pending"}


def sweep_runs(context: Context, sweep_id: int) -> list[Row]:
    """The runs that a sweep counts: prior ones and those handed out, in the order of their making."""
    return context.db.rows(
        "SELECT * FROM runs WHERE sweep_id = ?"
        " OR id IN (SELECT run_id FROM sweep_prior_runs WHERE sweep_id = ?) ORDER BY id",
        (sweep_id, sweep_id),
    )


class TrialReader:
    """Turns runs into trials; remembers the metric's history of a run until the run has changed."""

    def __init__(self) -> None:
        self._histories: dict[tuple[int, str], tuple[tuple[int, float], list[float]]] = {}
        self._lock = threading.Lock()

    def trials(self, context: Context, config: Mapping[str, Any], runs: Sequence[Row]) -> list[Trial]:
        """The runs as trials of a sweep with this configuration."""
        return [self._trial(context, config, metric_name(config), run) for run in runs]

    def _trial(self, context: Context, config: Mapping[str, Any], metric: str, run: Row) -> Trial:
        known = state(run)
        return Trial(
            args=arguments(config, run),
            state=cast("State", _STATES.get(known, known)),
            metric=final_metric(metric, run),
            history=self._history(context, run, metric) if metric else [],
        )

    def _history(self, context: Context, run: Row, metric: str) -> list[float]:
        key, stamp = (run["id"], metric), (run["history_lines"], run["heartbeat_at"])
        with self._lock:
            known = self._histories.get(key)
        if known is not None and known[0] == stamp:
            return known[1]
        rows = context.db.rows("SELECT line FROM history WHERE run_id = ? ORDER BY number", (run["id"],))
        values = [_number(lookup(parse_row(row["line"]), metric)) for row in rows]
        found = [value for value in values if value is not None]
        with self._lock:
            self._histories[key] = (stamp, found)
        return found


def _number(value: Any) -> float | None:
    if isinstance(value, dict):  # a summary by define_metric: {"min": …} or {"best": …}
        value = next((value[name] for name in ("best", "min", "max", "mean", "last") if name in value), None)
    try:
        return None if value is None or isinstance(value, bool | list | dict) else float(value)
    except ValueError:
        return None


def metric_name(config: Mapping[str, Any]) -> str:
    """The sweep's metric, or ``""``."""
    return str((config.get("metric") or {}).get("name", ""))


def final_metric(metric: str, run: Row) -> float | None:
    """The value of a metric in the run's summary: it may be NaN or infinite, or None if there is none."""
    return _number(lookup(jsons.loads(run["summary"]), metric)) if metric else None


def arguments(config: Mapping[str, Any], run: Row) -> dict[str, Any]:
    """The values handed out; for a prior run those of its config that the sweep searches."""
    if run["sweep_args"] is not None:
        handed_out: dict[str, Any] = json.loads(run["sweep_args"])
        return handed_out
    given = json.loads(run["config"])
    entries = {name: given.get(name) for name in config["parameters"]}
    return {name: entry["value"] for name, entry in entries.items() if isinstance(entry, dict) and "value" in entry}


def best_metric(config: Mapping[str, Any], trials: Sequence[Trial]) -> float | None:
    """The best finite final value of the sweep's metric over its runs, or None."""
    values = finite(trial.metric for trial in trials)
    goal = (config.get("metric") or {}).get("goal", "minimize")
    return (max if goal == "maximize" else min)(values, default=None)
