"""Parallel coordinates: a line for each run through its parameters to its metric, coloured by the metric.

Plotly's own trace for this needs WebGL and compiles code at run time, which the pages' Content-Security-Policy forbids.
These are ordinary lines: they work everywhere, and a run without a value has a place of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local.web.charts.figure import PAPER, plain
from wandb_local.web.sweep.axes import NONE_AT, Axis, make_axis
from wandb_local.web.sweep.importance import as_text
from wandb_local.web.sweep.read import Sweep, SweepRun

Brush = Mapping[str, tuple[float, float]]  # axis name to the chosen part of it, 0 to 1
METRIC = ""  # the brush's name of the last axis, which no parameter can have
MOST_LINES = 500
COLORS = ("#e8a33d", "#e58a4a", "#df7158", "#d35a6b", "#bf4a82", "#a54399", "#8843ab", "#6a48b8")  # worst to best
_FAINT, _UNKNOWN = "rgba(128,128,128,.18)", "rgba(128,128,128,.55)"
_THIN, _THICK = 1.4, 3.0  # pixels
_TALL = 0.03  # a brush that is smaller than this takes the axis's brush away


def drawn_runs(sweep: Sweep) -> list[SweepRun]:
    """The runs that get a line: all, or the best if there are too many; the best ones last, as they lie on top."""
    ranked = sweep.ranked()
    others = [run for run in sweep.runs if run.metric is None]
    return [*others, *reversed(ranked)][-MOST_LINES:]


def make_axes(sweep: Sweep, runs: Sequence[SweepRun]) -> list[Axis]:
    """An axis for each parameter; the axis of the metric is last."""
    axes = [make_axis(p.name, [run.values.get(p.name) for run in runs], p.log) for p in sweep.parameters]
    return [*axes, make_axis(METRIC, [run.metric for run in runs])]


def brushed(axes: Sequence[Axis], brush: Brush) -> list[bool]:
    """Which runs' lines pass through the chosen part of every brushed axis."""
    count = len(axes[0].places)
    chosen = [(axis, brush[axis.name]) for axis in axes if axis.name in brush]
    return [all(low <= axis.places[index] <= high for axis, (low, high) in chosen) for index in range(count)]


def changed_brush(axes: Sequence[Axis], brush: Brush, selected: Mapping[str, Any] | None) -> Brush:
    """The brush after a box has been drawn: the axes that it touches, or else the nearest one, get its height."""
    area = (selected or {}).get("range")
    if not isinstance(area, dict) or not {"x", "y"} <= area.keys():
        return brush
    (left, right), (low, high) = sorted(area["x"]), sorted(area["y"])
    touched = [index for index in range(len(axes)) if left <= index <= right]
    nearest = min(max(round((left + right) / 2), 0), len(axes) - 1)
    changed = dict(brush)
    for index in touched or [nearest]:
        changed.pop(axes[index].name, None)
        if high - low > _TALL:
            changed[axes[index].name] = (low, high)
    return changed


def parallel_figure(sweep: Sweep, runs: Sequence[SweepRun], brush: Brush, shown: Sequence[bool]) -> dict[str, Any]:
    """The chart; ``shown`` says which runs are in colour, the others are faint."""
    axes = make_axes(sweep, runs)
    groups: dict[tuple[str, float], list[int]] = {(_FAINT, _THIN): [], (_UNKNOWN, _THIN): []}  # these lie below
    ranked = {run.name: rank for rank, run in enumerate(sweep.ranked())}
    for index, run in enumerate(runs):
        color = _color(ranked.get(run.name), len(ranked)) if shown[index] else _FAINT
        width = _THICK if ranked.get(run.name) == 0 and shown[index] else _THIN
        groups.setdefault((color, width), []).append(index)
    traces = [_lines(sweep, runs, axes, group, *style) for style, group in groups.items() if group]
    return {"data": traces, "layout": _layout(sweep, axes, brush)}


def _color(rank: int | None, count: int) -> str:
    if rank is None:
        return _UNKNOWN
    return COLORS[-1 - min(rank * len(COLORS) // count, len(COLORS) - 1)]


def _lines(
    sweep: Sweep, runs: Sequence[SweepRun], axes: Sequence[Axis], group: Sequence[int], color: str, width: float
) -> dict[str, Any]:
    x: list[float | None] = []
    y: list[float | None] = []
    texts: list[str] = []
    for index in group:
        x += [*range(len(axes)), None]
        y += [*(axis.places[index] for axis in axes), None]
        texts += [*(_text(sweep, runs[index], axis.name) for axis in axes), ""]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": y,
        "text": texts,
        "customdata": [name for index in group for name in [runs[index].name] * (len(axes) + 1)],
        "hoverinfo": "skip" if color == _FAINT else "text",
        "line": {"color": color, "width": width, "shape": "spline", "smoothing": 0.3},
        "marker": {"size": 4, "color": color},
        "unselected": {"marker": {"opacity": 1}},
    }


def _text(sweep: Sweep, run: SweepRun, axis: str) -> str:
    metric = f"{plain(sweep.metric)}: {'none' if run.metric is None else f'{run.metric:.6g}'}"
    given = run.values.get(axis)
    shown = f"{given:.6g}" if isinstance(given, float) else plain(as_text(given))
    value = f"{plain(axis)}: {shown}<br>" if axis != METRIC else ""
    return f"<b>{plain(run.title)}</b> ({run.state})<br>{value}{metric}"


def _layout(sweep: Sweep, axes: Sequence[Axis], brush: Brush) -> dict[str, Any]:
    hidden = {"visible": False, "fixedrange": True}
    lowest = NONE_AT - 0.05 if any(axis.ticks[0][0] == NONE_AT for axis in axes) else -0.05
    bars = [_bar(index, axis) for index, axis in enumerate(axes)]
    boxes = [_box(index, *brush[axis.name]) for index, axis in enumerate(axes) if axis.name in brush]
    notes = [note for index, axis in enumerate(axes) for note in _notes(index, axis, axis.name or sweep.metric)]
    return {
        **PAPER,
        "margin": {"l": 70, "r": 70, "t": 46, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "hoverdistance": 12,
        "dragmode": "select",
        "selectdirection": "d",  # a box as it is drawn: plotly would widen an upright one to all axes
        "selections": [],
        "newselection": {"line": {"color": "#808080", "width": 1, "dash": "dot"}},
        "xaxis": {**hidden, "range": [-0.35, len(axes) - 0.65]},
        "yaxis": {**hidden, "range": [lowest, 1.04]},
        "shapes": [*bars, *boxes],
        "annotations": notes,
    }


def _bar(index: int, axis: Axis) -> dict[str, Any]:
    line = {"color": "rgba(128,128,128,.7)", "width": 1}
    return {"type": "line", "x0": index, "x1": index, "y0": 0, "y1": 1, "line": line, "layer": "below"}


def _box(index: int, low: float, high: float) -> dict[str, Any]:
    look = {"fillcolor": "rgba(31,95,191,.22)", "line": {"color": "#1f5fbf", "width": 1}, "layer": "above"}
    return {"type": "rect", "x0": index - 0.06, "x1": index + 0.06, "y0": low, "y1": high, **look}


def _notes(index: int, axis: Axis, title: str) -> list[dict[str, Any]]:
    base = {"x": index, "showarrow": False, "font": {"size": 10}}
    ticks = [
        {**base, "y": place, "text": plain(_short(text, 18)), "xanchor": "left", "xshift": 6}
        for place, text in axis.ticks
    ]
    name = f"<b>{'<br>'.join(plain(part) for part in _two_lines(title))}</b>"
    head = {"font": {"size": 11}, "yref": "paper", "yanchor": "bottom", "hovertext": plain(title)}
    return [*ticks, {**base, **head, "y": 1.01, "text": name}]


def _two_lines(title: str) -> list[str]:
    """A long name in two lines, parted at a dot, slash or underscore near its middle."""
    if len(title) <= 16:
        return [title]
    marks = [place + 1 for place, mark in enumerate(title[:-1]) if mark in "./_-"] or [len(title) // 2]
    middle = min(marks, key=lambda place: abs(place - len(title) / 2))
    return [_short(title[:middle], 20), _short(title[middle:], 20)]


def _short(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"
