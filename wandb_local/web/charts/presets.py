"""The charts of the client's ``wandb.plot``, which draw a table: presets as plotly figures in plain dictionaries."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from wandb_local.web.charts.extremes import drawn_one
from wandb_local.web.charts.figure import CLEAR, COLORS, GRID, MODEBAR, PAPER, color, plain
from wandb_local.web.documents import is_number

Values = Sequence[Any]
Columns = Mapping[str, Values]  # the values by the name of the field that a preset asks for
Texts = Mapping[str, str]
Figure = dict[str, Any]
_MOST_LINES = 100
_MOST_COUNTS = 20  # classes of a confusion matrix whose counts are written into it


def _line(columns: Columns, names: Texts, _texts: Texts) -> Figure:
    traces = _lines(columns["x"], columns["y"], columns.get("stroke"), ordered=True)
    return _figure(traces, names["x"], names["y"])


def _series(columns: Columns, names: Texts, texts: Texts) -> Figure:
    traces = _lines(columns["step"], columns["lineVal"], columns["lineKey"], ordered=True)
    return _figure(traces, texts.get("xname") or names["step"], "")


def _curve(columns: Columns, names: Texts, texts: Texts) -> Figure:
    """A curve may be vertical, so its points keep the order of the table."""
    traces = _lines(columns["x"], columns["y"], columns.get("class"), ordered=False)
    titles = (texts.get(f"{axis}-axis-title") or names[axis] for axis in ("x", "y"))
    figure = _figure(traces, *titles)
    if all(0 <= y <= 1 for trace in traces for y in trace["y"] if y is not None):
        figure["layout"]["yaxis"]["range"] = [-0.02, 1.02]
    return figure


def _scatter(columns: Columns, names: Texts, _texts: Texts) -> Figure:
    dots = {"mode": "markers", "marker": {"color": COLORS[0], "size": 5, "opacity": 0.7}}
    traces = [{"type": "scatter", "x": _numbers(columns["x"]), "y": _numbers(columns["y"]), **dots}]
    return _figure(traces, names["x"], names["y"])


def _bar(columns: Columns, names: Texts, _texts: Texts) -> Figure:
    labels = [plain(_text(label)) for label in columns["label"]]
    bars = {"type": "bar", "orientation": "h", "marker": {"color": COLORS[0]}, "hovertemplate": "%{y}: %{x:.6g}"}
    figure = _figure([{**bars, "name": "", "x": _numbers(columns["value"]), "y": labels}], names["value"], "")
    figure["layout"]["yaxis"] |= {"type": "category", "autorange": "reversed"}  # the first row on top
    return figure


def _histogram(columns: Columns, names: Texts, _texts: Texts) -> Figure:
    bars = {"type": "histogram", "x": _numbers(columns["value"]), "marker": {"color": COLORS[0]}}
    figure = _figure([bars], names["value"], "count")
    figure["layout"]["bargap"] = 0.05
    return figure


def _confusion(columns: Columns, names: Texts, _texts: Texts) -> Figure:
    """Counts in the colour of the first line, the more the stronger, so that text is read on light and dark pages."""
    rows, heads = (list(dict.fromkeys(map(_text, columns[name]))) for name in ("Actual", "Predicted"))
    heads = [*(head for head in rows if head in heads), *(head for head in heads if head not in rows)]
    counts: dict[tuple[str, str], float] = {}
    for *place, count in zip(columns["Actual"], columns["Predicted"], _numbers(columns["nPredictions"]), strict=True):
        key = (_text(place[0]), _text(place[1]))
        counts[key] = counts.get(key, 0) + (count or 0)
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": [plain(head) for head in heads],
        "y": [plain(row) for row in rows],
        "z": [[counts.get((row, head)) for head in heads] for row in rows],
        "colorscale": [[0, "rgba(0,114,178,0.03)"], [1, "rgba(0,114,178,0.55)"]],
        "showscale": False,
        "hovertemplate": "actual %{y}<br>predicted %{x}<br>%{z}<extra></extra>",
    }
    if max(len(rows), len(heads)) <= _MOST_COUNTS:
        trace["texttemplate"] = "%{z}"
    figure = _figure([trace], names["Predicted"], names["Actual"])
    figure["layout"]["xaxis"] |= {"type": "category"}
    figure["layout"]["yaxis"] |= {"type": "category", "autorange": "reversed"}
    return figure


Draw = Callable[[Columns, Texts, Texts], Figure]
PRESETS: Mapping[str, tuple[Draw, Sequence[str], Sequence[str]]] = {  # fields that it needs, and that it may have
    "wandb/line": (_line, ("x", "y"), ("stroke",)),
    "wandb/lineseries": (_series, ("step", "lineKey", "lineVal"), ()),
    "wandb/area-under-curve": (_curve, ("x", "y"), ("class",)),
    "wandb/scatter": (_scatter, ("x", "y"), ()),
    "wandb/bar": (_bar, ("label", "value"), ()),
    "wandb/histogram": (_histogram, ("value",), ()),
    "wandb/confusion_matrix": (_confusion, ("Actual", "Predicted", "nPredictions"), ()),
}


def draw(
    preset: str, fields: Mapping[str, Any], texts: Texts, columns: Sequence[Any], data: Sequence[Values]
) -> Figure:
    """The figure of a preset; ``fields`` say which of the table's ``columns`` is which field of the preset.

    Raises:
        ValueError: the preset is unknown, or the table has no column that it needs.
    """
    name = preset.rpartition("/v")[0] or preset
    if name not in PRESETS:
        raise ValueError(f"The preset {preset!r} is unknown here.")
    make, needed, possible = PRESETS[name]
    names = {field: str(fields.get(field) or field) for field in (*needed, *possible)}
    missing = [names[field] for field in needed if names[field] not in columns]
    if missing:
        raise ValueError(f"Its table has no column {missing[0]!r}.")
    places = {field: columns.index(column) for field, column in names.items() if column in columns}
    return make({field: [row[place] for row in data] for field, place in places.items()}, names, texts)


def _lines(x: Values, y: Values, groups: Values | None, ordered: bool) -> list[Figure]:
    """A line for each group, by rising x where ``ordered`` and all x are numbers."""
    points: dict[str, list[tuple[Any, Any]]] = {}
    numbers = all(is_number(value) for value in x)
    for one, other, group in zip(x, _numbers(y), groups or [""] * len(x), strict=True):
        points.setdefault(_text(group), []).append((drawn_one(one) if numbers else _text(one), other))
    return list(_traces(points, ordered and numbers))


def _traces(points: Mapping[str, list[tuple[Any, Any]]], ordered: bool) -> Iterator[Figure]:
    for place, (name, pairs) in enumerate(list(points.items())[:_MOST_LINES]):
        along = sorted(pairs, key=lambda pair: pair[0]) if ordered else pairs
        xs, ys = ([pair[side] for pair in along] for side in (0, 1))
        look = {"line": {"color": color(place), "width": 1.8}, "mode": "lines" if len(xs) > 1 else "markers"}
        yield {"type": "scatter", "name": plain(name), "x": xs, "y": ys, "hovertemplate": "%{x}, %{y:.6g}", **look}


def _numbers(values: Values) -> list[float | None]:
    """Numbers that a linear axis can show; None for anything else."""
    return [drawn_one(value) if is_number(value) and math.isfinite(value) else None for value in values]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _figure(traces: list[Figure], x: str, y: str) -> Figure:
    named = len(traces) > 1
    layout = {
        **PAPER,
        "margin": {"l": 48, "r": 12, "t": 8, "b": 36},
        "showlegend": named,
        "legend": {"orientation": "h", "y": -0.25, "bgcolor": CLEAR},
        "modebar": MODEBAR,
        "xaxis": {**GRID, "title": {"text": plain(x), "standoff": 6}},
        "yaxis": {**GRID, "title": {"text": plain(y), "standoff": 6}},
    }
    return {"data": traces, "layout": layout}
