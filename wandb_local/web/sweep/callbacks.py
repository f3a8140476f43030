"""What the page of a sweep does: it follows the runs, the brush and the filters, and its buttons set the state."""

from itertools import compress
from typing import Any

import dash
from dash import ALL, Input, Output, State, ctx, no_update

from wandb_local.context import Context
from wandb_local.names import to_id
from wandb_local.records import sweeps as records
from wandb_local.web.sweep import panels, parallel
from wandb_local.web.sweep.importance import ended, importances
from wandb_local.web.sweep.overtime import overtime_figure
from wandb_local.web.sweep.read import STOPPED_EARLY, Sweep, read_sweep, stamp
from wandb_local.web.urls import address


def register(app: dash.Dash, context: Context) -> None:
    """Add the callbacks."""
    _register_live(app, context)
    _register_brush(app, context)
    _register_chart(app, context)
    _register_controls(app, context)

    @app.callback(
        Output("shell-goto", "data", allow_duplicate=True),
        Input("sweep-parallel", "clickData"),
        Input("sweep-overtime", "clickData"),
        State("sweep-page", "data"),
        prevent_initial_call=True,
    )
    def open_run(_one: Any, _other: Any, place: list[str]) -> Any:
        clicked = (ctx.triggered[0]["value"] or {}).get("points") or [{}]
        name = clicked[0].get("customdata")
        return address(*place[:2], "runs", name) if isinstance(name, str) else no_update


def _params(place: list[str]) -> dict[str, str]:
    return {"entity": place[0], "project": place[1]}


def _register_live(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("sweep-version", "data"),
        Output("sweep-tick", "disabled"),
        Input("sweep-tick", "n_intervals"),
        State("sweep-version", "data"),
        State("sweep-page", "data"),
        prevent_initial_call=True,
    )
    def look(_: int, version: str, place: list[str]) -> Any:
        current = stamp(context, *place)
        return (no_update, no_update) if current == version else (current, not read_sweep(context, *place).live)

    @app.callback(
        Output("sweep-heading", "children"),
        Input("sweep-version", "data"),
        State("sweep-title", "children"),
        State("sweep-state", "children"),
        State("sweep-page", "data"),
        prevent_initial_call=True,
    )
    def head(_: str, title: str, state: str, place: list[str]) -> Any:
        """The heading is updated separately, and only if it changes, because a redrawn button loses the focus."""
        sweep = read_sweep(context, *place)
        same = (title, state) == (sweep.title, panels.state_text(sweep))
        return no_update if same else panels.heading(sweep)

    @app.callback(
        Output("sweep-facts", "children"),
        Output("sweep-overtime", "figure"),
        Input("sweep-version", "data"),
        State("sweep-page", "data"),
    )
    def show(_: str, place: list[str]) -> Any:
        sweep = read_sweep(context, *place)
        return panels.facts(context, sweep, _params(place)), overtime_figure(sweep)

    @app.callback(
        Output("sweep-importance", "children"),
        Output("sweep-ended", "data"),
        Input("sweep-version", "data"),
        State("sweep-ended", "data"),
        State("sweep-page", "data"),
    )
    def weigh(_: str, known: list[Any] | None, place: list[str]) -> Any:
        """This takes a moment, so only when a run has ended."""
        sweep = read_sweep(context, *place)
        runs = [[run.name, run.metric] for run in ended(sweep.runs)]
        if runs == known:
            return no_update, no_update
        return panels.importance_table(importances(sweep.parameters, sweep.runs), sweep.metric), runs


def _register_brush(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("sweep-brush", "data"),
        Input("sweep-parallel", "selectedData"),
        Input("sweep-clear", "n_clicks"),
        State("sweep-brush", "data"),
        State("sweep-page", "data"),
        prevent_initial_call=True,
    )
    def choose(selected: Any, _: Any, brush: dict[str, Any], place: list[str]) -> Any:
        if ctx.triggered_id == "sweep-clear":
            return {}
        sweep = read_sweep(context, *place)
        changed = parallel.changed_brush(parallel.make_axes(sweep, parallel.drawn_runs(sweep)), brush, selected)
        return no_update if changed == brush else changed

    @app.callback(
        Output("sweep-grid", "rowData"),
        Output("sweep-grid", "style"),
        Output("sweep-chosen", "children"),
        Input("sweep-version", "data"),
        Input("sweep-brush", "data"),
        State("sweep-page", "data"),
    )
    def list_runs(_: str, brush: dict[str, Any], place: list[str]) -> Any:
        sweep = read_sweep(context, *place)
        runs = parallel.drawn_runs(sweep) if brush else sweep.runs
        chosen = parallel.brushed(parallel.make_axes(sweep, runs), brush) if brush else [True] * len(runs)
        rows = panels.run_rows(list(compress(runs, chosen)), _params(place))
        early = sum(run.state == STOPPED_EARLY for run in sweep.runs)
        text = f"{len(rows)} of {len(sweep.runs)} runs" + (f", {early} stopped early" if early else "")
        return rows, {"height": f"{min(430, 110 + 42 * len(sweep.runs))}px"}, text


def _register_chart(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("sweep-parallel", "figure"),
        Input("sweep-version", "data"),
        Input("sweep-brush", "data"),
        Input("sweep-grid", "virtualRowData"),
        State("sweep-grid", "filterModel"),
        State("sweep-page", "data"),
    )
    def draw(_: str, brush: dict[str, Any], rows: list[dict[str, Any]] | None, model: Any, place: list[str]) -> Any:
        sweep = read_sweep(context, *place)
        runs = parallel.drawn_runs(sweep)
        shown = parallel.brushed(parallel.make_axes(sweep, runs), brush)
        if model:
            listed = {row["id"] for row in rows or []}
            shown = [keep and run.name in listed for run, keep in zip(runs, shown, strict=True)]
        return parallel.parallel_figure(sweep, runs, brush, shown)


def _register_controls(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("sweep-version", "data", allow_duplicate=True),
        Output("sweep-confirm", "displayed"),
        Output("sweep-tick", "disabled", allow_duplicate=True),
        Input({"type": "sweep-set", "state": ALL}, "n_clicks"),
        Input("sweep-confirm", "submit_n_clicks"),
        State("sweep-page", "data"),
        prevent_initial_call=True,
    )
    def change(_clicks: Any, _confirmed: Any, place: list[str]) -> Any:
        if not ctx.triggered[0]["value"]:  # the buttons were drawn anew
            return no_update, no_update, no_update
        confirmed = ctx.triggered_id == "sweep-confirm"
        target = "CANCELED" if confirmed else ctx.triggered_id["state"]
        sweep = read_sweep(context, *place)
        if target == "CANCELED" and not confirmed:
            return no_update, True, no_update
        set_state(context, sweep, target)
        return stamp(context, *place), False, False


def set_state(context: Context, sweep: Sweep, target: str) -> None:
    """Give a sweep a state that one of its buttons sets; it is on the disk when this returns."""
    if target in panels.actions(sweep).values():
        records.upsert(context, {"id": to_id("Sweep", sweep.row["id"]), "state": target})
        context.db.unsettled.settle()
