"""The metric of the runs in the order in which they were made, and the best so far."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from wandb_local.records.states import UNDER_WAY
from wandb_local.web.charts.extremes import drawn_one
from wandb_local.web.charts.figure import PAPER, plain
from wandb_local.web.sweep.read import STOPPED_EARLY, Sweep, SweepRun
from wandb_local.web.times import for_chart

_MARKS = {  # state: colour, symbol
    "finished": ("#2b6cb0", "circle"),
    **dict.fromkeys(UNDER_WAY, ("#1a9850", "circle-open")),
    STOPPED_EARLY: ("#d97706", "x"),
}
_OTHER = ("#b3261e", "triangle-down")  # failed, crashed, killed


def overtime_figure(sweep: Sweep) -> dict[str, Any]:
    """A point for each run that has the metric, by state, and a line of the best value so far."""
    runs = sorted((run for run in sweep.runs if run.metric is not None), key=lambda run: run.started)
    states = list(dict.fromkeys(run.state for run in runs))
    traces = [_points(state, [run for run in runs if run.state == state]) for state in states]
    return {"data": [_best(sweep, runs), *traces] if runs else [], "layout": _layout(sweep.metric)}


def _best(sweep: Sweep, runs: Sequence[SweepRun]) -> dict[str, Any]:
    values = accumulate((run.metric for run in runs if run.metric is not None), max if sweep.maximize else min)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": [_moment(run) for run in runs],
        "y": [drawn_one(value) for value in values],
        "line": {"shape": "hv", "color": "#8843ab", "width": 1.6},
        "hoverinfo": "skip",
    }


def _points(state: str, runs: Sequence[SweepRun]) -> dict[str, Any]:
    color, symbol = _MARKS.get(state, _OTHER)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": state,
        "x": [_moment(run) for run in runs],
        "y": [None if run.metric is None else drawn_one(run.metric) for run in runs],
        "text": [f"<b>{plain(run.title)}</b> ({state})<br>{run.metric:.6g}" for run in runs],
        "customdata": [run.name for run in runs],
        "hoverinfo": "text",
        "marker": {"color": color, "symbol": symbol, "size": 8, "line": {"width": 2, "color": color}, "opacity": 0.85},
    }


def _layout(metric: str) -> dict[str, Any]:
    grid = {"gridcolor": "rgba(128,128,128,.25)", "zeroline": False, "automargin": True}
    return {
        **PAPER,
        "margin": {"l": 56, "r": 12, "t": 30, "b": 36},
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "showlegend": True,
        "uirevision": "stays",  # the zoom, while runs come in
        "xaxis": {**grid, "type": "date"},
        "yaxis": {**grid, "title": {"text": plain(metric), "standoff": 6}},
    }


def _moment(run: SweepRun) -> str:
    return for_chart(run.started)
