"""One line chart as a plotly figure, written as plain dictionaries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wandb_local.web.charts.columns import Column, Floats
from wandb_local.web.charts.extremes import drawn, extremes, smooth
from wandb_local.web.charts.marks import MARK_AXIS, mark_traces, stacked
from wandb_local.web.charts.series import AXES, TIME, Span, axis_of
from wandb_local.web.times import clock, for_chart

# Okabe and Ito's colours, which people who see few colours can tell apart, but those too pale for a white page.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#7f52b8", "#c0392b", "#5c6b7a", "#00838f")
GRID = {"gridcolor": "#8884", "zerolinecolor": "#8886", "automargin": True}  # on light and dark pages
CLEAR = "rgba(0,0,0,0)"
PAPER = {  # the card shows through
    "autosize": True,
    "paper_bgcolor": CLEAR,
    "plot_bgcolor": CLEAR,
    "font": {"size": 11},
}
MODEBAR = {"bgcolor": CLEAR, "color": "#888c", "activecolor": "#1f77d0"}
# plotly's own buttons, but none that sends a chart to its company's cloud
GRAPH = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
}
POINTS = 1000  # of a line within a chart; a wide one has no more pixels
_FLANK = 50  # points beyond each edge of a chart that shows a part, so that its lines go on
_ROOM = 0.05  # above and below the lines of such a chart, in proportion to its height
_FEW = 30  # points that are drawn as dots too
_FAINT = 0.25


@dataclass(frozen=True)
class Look:
    """How charts are drawn: what x is, whether y is logarithmic, how much the lines are smoothed (0 to 0.99)."""

    axis: str = "_step"
    log: bool = False
    smoothing: float = 0.0


def color(place: int) -> str:
    """The colour of the run at this place in the list of runs."""
    return COLORS[place % len(COLORS)]


def make_figure(name: str, lines: Sequence[tuple[str, Column]], look: Look, span: Span | None = None) -> dict[str, Any]:
    """A chart of the metric ``name``; ``lines`` are the runs' names and points, in the order of the colours; ``span``
    is the part of the horizontal axis that it shows. However long a run is, it gets some ``POINTS``, with the minimum
    and the maximum of each stretch; what has no place on the line (NaN, infinities) is marked at the chart's edges."""
    lines = [(label, Column(drawn(column.x), column.y)) for label, column in lines]
    traces: list[dict[str, Any]] = []
    for place, (label, column) in enumerate(lines):
        raw = _line(label, column.x, column.y, place, look, span)
        if look.smoothing > 0:
            smoothed = smooth(column.y, _weight(look.smoothing, column.y))
            traces.append({**raw, "opacity": _FAINT, "showlegend": False, "hovertemplate": None, "hoverinfo": "skip"})
            traces.append(_line(label, column.x, smoothed, place, look, span))
        else:
            traces.append(raw)
    marks = stacked(
        {**trace, "name": plain(label), "x": _shown(trace["x"], name, look)}
        for place, (label, column) in enumerate(lines)
        for trace in mark_traces(column, color(place), look.log, span)
    )
    vertical = _vertical(look.log, _heights(traces, look.log, span), fitted=span is not None)
    for trace in traces:
        trace["x"] = _shown(trace["x"], name, look)
    return {"data": [*traces, *marks], "layout": _layout(name, look, span, vertical)}


def _weight(smoothing: float, values: Floats) -> float:
    """The smoothing is set for a line of ``POINTS`` points, and adapted to a run with more points."""
    return float(smoothing ** min(1.0, POINTS / max(int(np.isfinite(values).sum()), 1)))


def _line(label: str, x: Floats, y: Floats, place: int, look: Look, span: Span | None) -> dict[str, Any]:
    drawable = np.isfinite(y) & ((y > 0) | (not look.log))
    y = np.where(drawable, y if look.log else drawn(y), np.nan)
    places = _places(x, y, span)
    x, y, drawable = x[places], y[places], drawable[places]
    alone = drawable & ~np.append(drawable[1:], False) & ~np.append(False, drawable[:-1])  # a line needs two points
    few = len(x) <= _FEW
    return {
        "type": "scatter",
        "mode": "lines+markers" if few or alone.any() else "lines",
        "name": plain(label),
        "x": x.tolist(),
        "y": [value if fits else None for value, fits in zip(y.tolist(), drawable.tolist(), strict=True)],
        "line": {"color": color(place), "width": 1.8},
        "marker": {"size": 4 if few else (4 * alone).tolist()},
        "hovertemplate": "%{y:.6g}",
    }


def _places(x: Floats, y: Floats, span: Span | None) -> Any:
    """The places of the points that are drawn."""
    if span is None:
        return extremes(y, POINTS)
    wide = span.widened()
    inside = (span.first <= x) & (x <= span.last)
    before, after = (wide.first <= x) & (x < span.first), (span.last < x) & (x <= wide.last)
    parts = ((before, _FLANK), (inside, POINTS), (after, _FLANK))  # both ends of each part are among its extremes
    places = [(np.flatnonzero(part), most) for part, most in parts]
    return np.sort(np.concatenate([part[extremes(y[part], most)] for part, most in places]))


def _heights(traces: Sequence[Mapping[str, Any]], log: bool, span: Span | None) -> list[float]:
    """The shown heights: of the points within the span, and of the lines where they cross its ends."""
    found = []
    for trace in traces:
        x, y = np.array(trace["x"], dtype=float), np.array(trace["y"], dtype=float)
        if span is None:
            found.append(y)
            continue
        y = np.log10(y) if log else y  # a line is straight as it is drawn
        found.append(y[(span.first <= x) & (x <= span.last)])
        for end in (span.first, span.last):
            cross = np.flatnonzero((x[:-1] < end) != (x[1:] < end))
            share = (end - x[cross]) / (x[cross + 1] - x[cross])
            found.append((1 - share) * y[cross] + share * y[cross + 1])
        found[-3:] = [10**part if log else part for part in found[-3:]]
    values = np.concatenate(found) if found else np.array([])
    return list((values if log else drawn(values))[np.isfinite(values)].tolist())


def _shown(xs: Sequence[float | None], name: str, look: Look) -> list[Any]:
    if axis_of(name, look.axis) != TIME:
        return list(xs)
    return [None if x is None else for_chart(x) for x in xs]


def axis_title(name: str, axis: str) -> str:
    """The caption below a chart."""
    axis = axis_of(name, axis)
    return clock() if axis == TIME else AXES.get(axis, axis)


def _layout(name: str, look: Look, span: Span | None, vertical: Mapping[str, Any]) -> dict[str, Any]:
    shown = {} if span is None else {"range": _shown([span.first, span.last], name, look)}
    timed = axis_of(name, look.axis) == TIME
    form: dict[str, Any] = {"type": "date"} if timed else {"type": "linear", "hoverformat": ",.12~r"}
    return {
        **PAPER,
        "margin": {"l": 48, "r": 12, "t": 8, "b": 36},
        "showlegend": False,
        "hovermode": "x unified",
        "uirevision": f"{look} {span}",  # what a visitor has moved stays while points come in
        "modebar": MODEBAR,
        "xaxis": {**GRID, **form, **shown, "title": {"text": plain(axis_title(name, look.axis)), "standoff": 6}},
        "yaxis": {**GRID, "fixedrange": True, **vertical},
        "yaxis2": MARK_AXIS,
    }


def _vertical(log: bool, known: Sequence[float], fitted: bool) -> dict[str, Any]:
    """The kind of the vertical axis, and what plotly does not choose well: labels of a logarithmic one that stand
    apart, and room around a line that is flat, in proportion to its height. ``fitted``: its range is that of the
    heights, where plotly would count the points beyond the edges too."""
    if not known:
        return {"type": "linear", "showticklabels": False, "range": [0, 1]}
    low, high = min(known), max(known)
    flat = high - low <= 1e-9 * abs(high)  # also what smoothing makes of a constant
    if log and flat:
        return {"type": "log", "range": [np.log10(high) - 0.6, np.log10(high) + 0.6]}
    if log:
        decades = np.log10(high) - np.log10(low)
        every = {"dtick": "D2"} if decades < 2 else {"dtick": int(np.ceil(decades / 6))}
        room = _range(np.log10(low), np.log10(high)) if fitted else {}
        return {"type": "log", "exponentformat": "power", "showexponent": "all", **every, **room}
    if flat:
        room = {"range": sorted((high / 2, high * 1.5)) if high else [-1, 1]}
    else:
        room = _range(low, high) if fitted else {}
    return {"type": "linear", "exponentformat": "power", **room}


def _range(low: float, high: float) -> dict[str, Any]:
    room = _ROOM * high - _ROOM * low
    return {"range": [float(low - room), float(high + room)]}


def plain(text: str) -> str:
    """Text for a chart: plotly reads tags, ``%{…}`` and ``$…$`` in labels, and logged names may hold anything."""
    marks: Mapping[str, str] = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "%{": "%&#123;"}
    for mark, written in marks.items():
        text = text.replace(mark, written)
    return text[:120]
