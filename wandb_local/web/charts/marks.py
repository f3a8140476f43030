"""Marks at the edges of a chart for what has no place on its lines: NaN, infinities, and 0 or less on a log axis."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from wandb_local.web.charts.columns import Column
from wandb_local.web.charts.extremes import marked
from wandb_local.web.charts.series import Span

# A second vertical axis over the first one: 0 is the lower edge of the chart, 1 the upper one.
MARK_AXIS = {"overlaying": "y", "range": [0, 1], "fixedrange": True, "visible": False}
_LEVEL = 0.06  # of a chart's height: as high as a mark in a small chart
_MOST = 100  # marks of one kind on a line; neighbours share one
_EDGES = {"NaN": (0, "x"), "∞": (1, "triangle-up"), "-∞": (0, "triangle-down"), "≤ 0": (0, "triangle-down-open")}


def mark_traces(column: Column, color: str, log: bool, span: Span | None) -> list[dict[str, Any]]:
    """A trace for each kind that a line has within the span; without names, and with x as numbers."""
    x, y = column.x, column.y
    if span is not None:
        wide = span.widened()
        near = (wide.first <= x) & (x <= wide.last)
        x, y = x[near], y[near]
    kinds = {"NaN": np.isnan(y), "∞": y == np.inf, "-∞": y == -np.inf}
    if log:
        kinds["≤ 0"] = np.isfinite(y) & (y <= 0)
    found = {kind: marked(x, where, _MOST) for kind, where in kinds.items()}
    return [_trace(kind, stretches, color) for kind, stretches in found.items() if stretches]


def stacked(traces: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The traces of all lines, changed in place: each a little further from its edge than the one before, so that none
    hides another."""
    found = list(traces)
    for edge in (0, 1):
        along = [trace for trace in found if trace["y"][0] == edge]
        for level, trace in enumerate(along):
            height = abs(edge - level * min(_LEVEL, 0.9 / len(along)))
            trace["y"] = [None if y is None else height for y in trace["y"]]
    return found


def _trace(kind: str, stretches: list[tuple[float, float, int]], color: str) -> dict[str, Any]:
    """Each stretch is a point, or a line along the edge between its ends."""
    height, symbol = _EDGES[kind]
    x: list[float | None] = []
    texts: list[str] = []
    for first, last, count in stretches:
        ends = [first] if first == last else [first, last]
        x += [*ends, None]
        texts += [kind if count == 1 else f"{kind} ({count} values)"] * len(ends) + [""]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": [None if each is None else height for each in x],
        "yaxis": "y2",
        "text": texts,
        "hovertemplate": "%{text} at %{x}",
        "cliponaxis": False,
        "line": {"color": color, "width": 3},
        "marker": {"symbol": symbol, "size": 9, "color": color, "line": {"width": 1, "color": color}},
    }
