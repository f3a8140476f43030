"""The charts of a page: controls, the grid of charts, and the callbacks that draw them and keep them up to date."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash
from dash import ALL, ClientsideFunction, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.states import UNDER_WAY, state
from wandb_local.store.database import Row
from wandb_local.web.charts.columns import Columns
from wandb_local.web.charts.controls import controls, legend, register_address, section_options
from wandb_local.web.charts.definitions import DEFINED, defined_axes
from wandb_local.web.charts.figure import GRAPH, Look, make_figure
from wandb_local.web.charts.selection import HIDDEN, MAX_RUNS, PER_PAGE, all_metrics, choose, chosen_runs, run_options
from wandb_local.web.charts.series import TIME, Span, axis_of, read_columns
from wandb_local.web.documents import is_number, title_of
from wandb_local.web.times import from_chart

_TICK = 3000  # milliseconds between two looks for new points


def layout(context: Context, page: Mapping[str, Any], chosen: Sequence[str] | None = None) -> Component:
    """The charts of ``page``: entity, project, and the names of the runs; the first run always stays. They begin with
    the runs that are ``chosen``, if any are."""
    runs = chosen_runs(context, page, chosen or None)
    live = any(state(run) in UNDER_WAY for run in runs)
    return html.Div(
        [
            dcc.Store(id="charts-page", data=dict(page)),
            dcc.Store(id="charts-remembered"),
            dcc.Store(id="charts-shown", data=None),
            dcc.Store(id="charts-version", data=None),
            dcc.Store(id="charts-zooms", data={"spans": {}, "changed": []}),
            dcc.Interval(id="charts-tick", interval=_TICK, disabled=not live),
            controls(context, page, runs),
            html.P(id="charts-note", className="soft note", role="status"),
            html.Div(id="charts-legend", className="charts-legend"),
            html.Div(id="charts-grid", className="charts-grid"),
        ]
    )


def register(app: dash.Dash, context: Context) -> None:
    """Add the callbacks."""
    register_address(app)
    _register_selection(app, context)
    _register_figures(app, context)

    @app.callback(
        Output("charts-runs", "options"),
        Input("charts-runs", "search_value"),
        State("charts-runs", "value"),
        State("charts-page", "data"),
        prevent_initial_call=True,
    )
    def offer(search: str | None, chosen: list[str] | None, page: dict[str, Any]) -> Any:
        return run_options(context, page, search or "", chosen or [])

    @app.callback(Output("charts-grid", "className"), Input("charts-size", "value"))
    def resize(size: str) -> str:
        return f"charts-grid {size}"


def _register_selection(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("charts-grid", "children"),
        Output("charts-shown", "data"),
        Output("charts-section", "options"),
        Output("charts-range", "children"),
        Output("charts-previous", "disabled"),
        Output("charts-next", "disabled"),
        Output("charts-legend", "children"),
        Output("charts-runs", "value"),
        Output("charts-note", "children"),
        Input("charts-tick", "n_intervals"),
        Input("charts-runs", "value"),
        Input("charts-search", "value"),
        Input("charts-section", "value"),
        Input("charts-previous", "n_clicks"),
        Input("charts-next", "n_clicks"),
        State("charts-shown", "data"),
        State("charts-page", "data"),
    )
    def select(_: Any, chosen: Any, search: Any, section: Any, _p: Any, _n: Any, shown: Any, page: Any) -> Any:
        runs = chosen_runs(context, page, chosen or [])
        names, hidden = all_metrics(runs)
        where = (hidden, "") if section == HIDDEN else (names, section or "")
        turn = {"charts-previous": -PER_PAGE, "charts-next": PER_PAGE, "charts-tick": 0, "charts-runs": 0}
        first = shown["first"] + turn[ctx.triggered_id] if shown and ctx.triggered_id in turn else 0
        found = choose(where[0], search or "", where[1], first)
        drawn = [run["name"] for run in runs]
        said = _said(chosen or [], drawn)
        now = {"names": found.names, "first": found.first, "total": found.total, "runs": drawn}
        if now == shown:
            return (*(no_update,) * 7, *said)
        end = found.first + len(found.names)
        text = f"{found.first + 1} to {end} of {found.total}" if found.total else "none"
        charts = [_chart(name) for name in found.names] or html.P(_nothing(runs, hidden), className="soft")
        ends = (found.first == 0, end >= found.total)
        return charts, now, section_options(names, hidden), text, *ends, legend(page, runs), *said


def _said(chosen: Sequence[str], drawn: Sequence[str]) -> tuple[Any, Any]:
    """The list of chosen runs shows which runs are drawn; a note reports if more were chosen."""
    many = f"Only the first {len(drawn)} of {len(chosen)} runs are drawn, because there are no more colours."
    note = many if len(chosen) > MAX_RUNS else no_update if ctx.triggered_id == "charts-tick" else ""
    return no_update if set(chosen) == set(drawn) else list(drawn), note


def _register_figures(app: dash.Dash, context: Context) -> None:
    columns = Columns(context.db)
    app.clientside_callback(
        ClientsideFunction("charts", "zoom"),
        Output("charts-zooms", "data"),
        Input({"type": "charts-graph", "key": ALL}, "relayoutData"),
        Input("charts-axis", "value"),
        State({"type": "charts-graph", "key": ALL}, "id"),
        State("charts-zooms", "data"),
    )

    @app.callback(
        Output({"type": "charts-graph", "key": ALL}, "figure"),
        Output("charts-version", "data"),
        Output("charts-tick", "disabled"),
        Input("charts-shown", "data"),
        Input("charts-tick", "n_intervals"),
        Input("charts-axis", "value"),
        Input("charts-log", "value"),
        Input("charts-smoothing", "value"),
        Input("charts-zooms", "data"),
        State({"type": "charts-graph", "key": ALL}, "id"),
        State("charts-version", "data"),
        State("charts-page", "data"),
    )
    def draw(
        shown: Any, _: Any, axis: Any, log: Any, smoothing: Any, zooms: Any, ids: Any, version: Any, page: Any
    ) -> Any:
        names = [graph["key"] for graph in ids]
        zoomed = ctx.triggered_prop_ids.keys() == {"charts-zooms.data"}
        runs = chosen_runs(context, page, shown["runs"]) if shown else []
        now = [[run["name"], run["history_lines"], run["events_lines"]] for run in runs]
        idle = not any(state(run) in UNDER_WAY for run in runs)
        if ctx.triggered_id == "charts-tick" and now == version:
            return [no_update] * len(names), no_update, idle
        defined = defined_axes(runs, names) if axis == DEFINED else {}
        weight = min(max(smoothing or 0, 0), 0.99)
        looks = {name: Look(defined.get(name, axis or "_step"), bool(log), weight) for name in names}
        spans = {name: _span(name, zooms["spans"].get(name), looks[name]) for name in names}
        changed = {*zooms["spans"], *zooms["changed"]}
        wanted = [name for name in names if not zoomed or name in changed]
        drawn = _figures(columns, runs, {name: (looks[name], spans[name]) for name in wanted})
        return [drawn.get(name, no_update) for name in names], no_update if zoomed else now, idle


def _figures(columns: Columns, runs: Sequence[Row], views: Mapping[str, tuple[Look, Span | None]]) -> dict[str, Any]:
    """The figures of the metrics; those that look at the same span of the same axis are read together."""
    figures: dict[str, Any] = {}
    for look, span in dict.fromkeys(views.values()):
        together = [name for name, view in views.items() if view == (look, span)]
        wide = span and span.widened()
        found = [(title_of(run), read_columns(columns, run, together, look.axis, wide)) for run in runs]
        for name in together:
            figures[name] = make_figure(name, [(label, read[name]) for label, read in found], look, span)
    return figures


def _span(name: str, zoom: Any, look: Look) -> Span | None:
    """The zoomed part of a chart, for which its points are chosen again."""
    if not isinstance(zoom, list) or len(zoom) != 2:
        return None
    timed = axis_of(name, look.axis) == TIME
    first, last = (from_chart(end) if timed else end if is_number(end) else None for end in zoom)
    return None if first is None or last is None or first >= last else Span(first, last)


def _chart(name: str) -> Component:
    graph = dcc.Graph(id={"type": "charts-graph", "key": name}, config=GRAPH, style={"height": "var(--chart)"})
    return html.Figure([html.Figcaption(name), graph], className="card chart")


def _nothing(runs: Sequence[Row], hidden: Sequence[str]) -> str:
    if hidden:
        return f"There is nothing to show here. The section of hidden metrics has {len(hidden)}."
    if any(state(run) in UNDER_WAY for run in runs):
        return "There are no numbers yet. The client sends them every few seconds."
    return "No metric with such a name has been logged."
