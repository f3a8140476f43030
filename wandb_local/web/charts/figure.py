"""One line chart as a plotly figure, written as plain dictionaries."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.web.charts.series import AXES, Series, Span

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


def make_figure(name: str, lines: Sequence[tuple[str, Series]], look: Look, span: Span | None = None) -> dict[str, Any]:
    """A chart of the metric ``name``; ``lines`` are the runs' names and points, in the order of the colours; ``span``
    is the part of the horizontal axis that it shows."""
    traces: list[dict[str, Any]] = []
    for place, (label, series) in enumerate(lines):
        xs: Sequence[Any] = [_moment(x) for x in series.x] if look.axis == "_timestamp" else series.x
        if look.smoothing > 0:
            raw = _trace(label, xs, series.y, place)
            traces.append({**raw, "opacity": _FAINT, "showlegend": False, "hoverinfo": "skip"})
            traces.append(_trace(label, xs, smooth(series.y, look.smoothing), place))
        else:
            traces.append(_trace(label, xs, series.y, place))
    return {"data": traces, "layout": _layout(name, look, span)}


def smooth(values: Sequence[float | None], weight: float) -> list[float | None]:
    """Exponential moving average, corrected for its start as in Adam (Kingma and Ba, 2015); gaps stay gaps."""
    smoothed: list[float | None] = []
    mean = total = 0.0
    for value in values:
        if value is not None:
            mean = weight * mean + (1 - weight) * value
            total = weight * total + (1 - weight)
        smoothed.append(None if value is None else mean / total)
    return smoothed


def axis_title(name: str, axis: str) -> str:
    """What stands under a chart: system metrics have no step."""
    if name.startswith("system.") and axis != "_timestamp":
        axis = "_runtime"
    return AXES.get(axis, axis)


def _trace(label: str, x: Sequence[Any], y: Sequence[float | None], place: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(x) <= 30 else "lines",
        "name": plain(label),
        "x": list(x),
        "y": list(y),
        "line": {"color": color(place), "width": 1.8},
        "marker": {"size": 4},
        "hovertemplate": "%{y:.6g}",
    }


def _layout(name: str, look: Look, span: Span | None) -> dict[str, Any]:
    shown = {} if span is None else {"range": [span.first, span.last]}
    return {
        **PAPER,
        "margin": {"l": 48, "r": 12, "t": 8, "b": 36},
        "showlegend": False,
        "hovermode": "x unified",
        "uirevision": f"{look} {span}",  # what a visitor has moved stays while points come in
        "modebar": MODEBAR,
        "xaxis": {**GRID, **shown, "title": {"text": plain(axis_title(name, look.axis)), "standoff": 6}},
        "yaxis": {**GRID, "fixedrange": True, "type": "log" if look.log else "linear"},
    }


def plain(text: str) -> str:
    """Text for a chart: plotly reads tags, ``%{…}`` and ``$…$`` in labels, and logged names may hold anything."""
    marks: Mapping[str, str] = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "%{": "%&#123;"}
    for mark, written in marks.items():
        text = text.replace(mark, written)
    return text[:120]


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
