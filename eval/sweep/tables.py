"""The tables of a sweep's report: plain data frames, one row a run, a parameter or a backbone."""

from __future__ import annotations

import math

import pandas as pd

from eval.sweep.importance import Importances
from eval.sweep.record import SweepRecord, SweepRun, settings_text, text_of

LATENCY, SIZE = "model/latency_ms", "model/mb"
COSTS = (LATENCY, SIZE, "model/parameters", "throughput", "train/peak_mb", "train/minutes")


def runs_table(sweep: SweepRecord) -> pd.DataFrame:
    """Every run, best first: name, state, metric, epochs reached, costs, and the settings that the sweep varies."""
    rows = [
        {
            "run": run.name,
            "id": run.id,
            "state": run.state,
            sweep.metric: sweep.score(run),
            "epoch": run.metrics.get("epoch", math.nan),
            **{key: run.metrics.get(key, math.nan) for key in COSTS},
            **{name: text_of(run.settings.get(name, "")) for name in sweep.parameters},
        }
        for run in sweep.runs
    ]
    return pd.DataFrame(rows).sort_values(sweep.metric, ascending=not sweep.maximise, kind="stable")


def importance_table(found: Importances) -> pd.DataFrame:
    """Every parameter, most important first, with the sign of its effect; a choice has one sign for each value."""
    rows = [
        {
            "parameter": row.parameter,
            "importance": row.value,
            "more than chance": "yes" if row.stands_out else "no",
            "correlation": f"{row.correlation:+.2f}"
            if row.correlation is not None
            else ", ".join(f"{choice} {value:+.2f}" for choice, value in row.by_choice.items()),
        }
        for row in found.rows
    ]
    return pd.DataFrame(rows, columns=["parameter", "importance", "more than chance", "correlation"])


def backbone_table(sweep: SweepRecord) -> pd.DataFrame:
    """The best finished run of each backbone, best first."""
    names = [name for name in sweep.parameters if name != "backbone"]
    rows = []
    for backbone in dict.fromkeys(str(run.settings.get("backbone")) for run in sweep.ranked()):
        runs = sweep.ranked(backbone)
        if runs:
            rows.append(
                {
                    "backbone": backbone,
                    "best of finished runs": len(runs),
                    f"best {sweep.metric}": sweep.score(runs[0]),
                    LATENCY: runs[0].metrics.get(LATENCY, math.nan),
                    SIZE: runs[0].metrics.get(SIZE, math.nan),
                    "run": runs[0].name,
                    "settings": settings_text(runs[0].settings, names),
                }
            )
    columns = ["backbone", "best of finished runs", f"best {sweep.metric}", LATENCY, SIZE, "run", "settings"]
    return pd.DataFrame(rows, columns=columns)


def front_table(sweep: SweepRecord, cost: str) -> pd.DataFrame:
    """The measured runs that no other run beats in both the metric and a cost, cheapest first."""
    runs = [run for run in sweep.ranked() if cost in run.metrics]
    rows: list[tuple[float, SweepRun]] = []
    for run in sorted(runs, key=lambda run: run.metrics[cost]):
        score = sweep.score(run) if sweep.maximise else -sweep.score(run)
        if not rows or score > rows[-1][0]:
            rows.append((score, run))
    columns = [cost, sweep.metric, "backbone", "run"]
    cells = [(run.metrics[cost], sweep.score(run), run.settings.get("backbone"), run.name) for _, run in rows]
    return pd.DataFrame(cells, columns=columns)


def stopped_table(sweep: SweepRecord) -> pd.DataFrame:
    """The runs that were stopped early: how far they came, of how many epochs, and what they had reached."""
    rows = [
        (run.name, run.metrics.get("epoch", math.nan), run.settings.get("epochs"), sweep.score(run))
        for run in sweep.runs
        if run.state == "killed"
    ]
    return pd.DataFrame(rows, columns=["run", "epoch", "of", sweep.metric])


def failed_table(sweep: SweepRecord) -> pd.DataFrame:
    """The runs that failed or crashed, and why as far as they could say."""
    rows = [
        (run.name, run.state, run.reason or "no reason given", settings_text(run.settings, sweep.parameters))
        for run in sweep.runs
        if run.state in ("failed", "crashed")
    ]
    return pd.DataFrame(rows, columns=["run", "state", "reason", "settings"])
