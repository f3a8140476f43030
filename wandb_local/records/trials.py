"""The runs of a sweep as trials for the search, oldest first."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.records.history import lookup, parse_row
from wandb_local.records.keyset import OF_SWEEP, PRIOR_TO_SWEEP
from wandb_local.records.lines import each_line
from wandb_local.records.searchable import RUNS
from wandb_local.records.states import state
from wandb_local.search import Trial
from wandb_local.search.trial import State, finite
from wandb_local.store.database import Row

MARKS = "id, state, ended_state, updated_at, heartbeat_at, history_lines"
_COUNTED = f"{OF_SWEEP} OR {PRIOR_TO_SWEEP}"
_MOST = 20_000  # runs that are remembered
_STATES = {"preempting": "running", "preempted": "pending"}


def sweep_runs(context: Context, sweep_id: int, columns: str = "*") -> list[Row]:
    """The runs that a sweep counts: prior ones and those handed out, in the order of their making."""
    return context.db.rows(f"SELECT {columns} FROM runs WHERE {_COUNTED} ORDER BY id", (sweep_id, sweep_id))


def sums_of_runs(context: Context, sweep_id: int) -> tuple[Any, ...]:
    """Sums over these runs that change when one of them does, also as it falls silent."""
    silent = f"total({RUNS.fields['state']} IN ('crashed', 'preempted'))"
    sums = f"count(*), total(updated_at), total(heartbeat_at), total(history_lines), {silent}"
    return tuple(context.db.rows(f"SELECT {sums} FROM runs WHERE {_COUNTED}", (sweep_id, sweep_id))[0])


@dataclass(frozen=True)
class _Known:
    """The values that were read of a run while it had these marks."""

    marks: tuple[Any, ...]
    args: dict[str, Any]
    metric: float | None
    history: list[float]


class TrialReader:
    """Turns runs into trials; remembers what it has read of a run until the run has changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], _Known] = {}
        self._lock = threading.Lock()

    def trials(self, context: Context, config: Mapping[str, Any], runs: Sequence[Row]) -> list[Trial]:
        """The runs, of which the columns `MARKS` are enough, as trials of a sweep with this configuration."""
        return [self._trial(context, config, run) for run in runs]

    def _trial(self, context: Context, config: Mapping[str, Any], run: Row) -> Trial:
        key, marks = (run["id"], metric_name(config), *config["parameters"]), marks_of(run)
        known = self._known.get(key)
        if known is None or known.marks != marks:
            known = _read(context, config, run["id"], marks)
            with self._lock:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[key] = known
        seen = state(run)
        return Trial(known.args, cast("State", _STATES.get(seen, seen)), known.metric, known.history)


def marks_of(run: Row) -> tuple[Any, ...]:
    """Marks that change when anything of the run changes."""
    return run["state"], run["updated_at"], run["heartbeat_at"], run["history_lines"]


def _read(context: Context, config: Mapping[str, Any], run_id: int, marks: tuple[Any, ...]) -> _Known:
    metric = metric_name(config)
    run = context.db.row("SELECT sweep_args, config, summary FROM runs WHERE id = ?", (run_id,))
    if run is None:  # deleted a moment ago
        return _Known(marks, {}, None, [])
    lines = each_line(context.db, "history", run_id) if metric else ()
    values = (_number(lookup(parse_row(line), metric)) for line in lines)
    history = [value for value in values if value is not None]
    return _Known(marks, arguments(config, run), final_metric(metric, run), history)


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
    """The value of a metric in the run's summary, which may be NaN or infinite; None if there is none."""
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
