"""The runs of a project: sorted, filtered, with the columns that a visitor chooses; some of them can be compared."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.graphql.projects import need_project
from wandb_local.web.charts.selection import MAX_RUNS
from wandb_local.web.controls import labelled
from wandb_local.web.grids import make_grid
from wandb_local.web.project.columns import column_definitions, grid_rows, offered, runs_of, usual, version_of
from wandb_local.web.project.tabs import project_tabs
from wandb_local.web.urls import address, list_names, listed_names

PATH = "/{entity}/{project}"
_TICK = 5000  # milliseconds between two looks for changes


def trail(_context: Context, _params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs: entity and project are there already."""
    return []


def layout(context: Context, params: Mapping[str, str], query: Mapping[str, str]) -> Component:
    """The list of runs; ``?columns=config.lr,summary.loss`` chooses the columns."""
    project = need_project(context, params["entity"], params["project"])
    runs = runs_of(context, project["id"])
    names = offered(runs)
    own = usual(runs)
    chosen = [name for name in listed_names(query["columns"]) if name in names] if "columns" in query else own
    rows = grid_rows(runs, params["entity"], params["project"], chosen)
    return html.Section(
        [
            dcc.Store(id="runs-page", data={"entity": params["entity"], "project": params["project"], "usual": own}),
            dcc.Store(id="runs-version", data=version_of(context, project["id"])),
            dcc.Store(id="runs-chosen"),
            dcc.Interval(id="runs-tick", interval=_TICK),
            html.H1(params["project"]),
            project_tabs(params, "runs"),
            html.Div(
                [
                    labelled("Find a run", dcc.Input(id="runs-search", type="search", value="", debounce=0.2)),
                    labelled(
                        "Columns", dcc.Dropdown(id="runs-columns", options=names, value=chosen, multi=True), "wide"
                    ),
                    html.Div(id="runs-compare"),
                    html.Span(_count(len(runs)), id="runs-count", className="soft", **{"aria-live": "polite"}),
                ],
                className="controls card",
            ),
            make_grid(
                "runs-grid",
                "Runs",
                column_definitions(chosen, rows),
                rows,
                getRowId="params.data.id",
                dashGridOptions={
                    "rowSelection": {"mode": "multiRow", "enableClickSelection": False, "selectAll": "filtered"},
                    "selectionColumnDef": {"pinned": "left"},
                },
            ),
        ]
    )


def register(app: dash.Dash, context: Context) -> None:
    """Add the callbacks."""
    _register_rows(app, context)
    _register_controls(app)


def _register_rows(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("runs-grid", "rowData"),
        Output("runs-grid", "columnDefs"),
        Output("runs-columns", "options"),
        Output("runs-version", "data"),
        Input("runs-tick", "n_intervals"),
        Input("runs-columns", "value"),
        State("runs-version", "data"),
        State("runs-page", "data"),
        prevent_initial_call=True,
    )
    def refresh(_: Any, chosen: list[str] | None, version: Any, page: dict[str, Any]) -> Any:
        project = need_project(context, page["entity"], page["project"])
        now = version_of(context, project["id"])
        ticked = dash.ctx.triggered_id == "runs-tick"
        if ticked and now == version:
            return (no_update,) * 4
        runs = runs_of(context, project["id"])
        rows = grid_rows(runs, page["entity"], page["project"], chosen or [])
        columns = no_update if ticked else column_definitions(chosen or [], rows)
        return rows, columns, offered(runs), now


def _register_controls(app: dash.Dash) -> None:
    @app.callback(
        Output("shell-url", "search", allow_duplicate=True),
        Input("runs-columns", "value"),
        State("runs-page", "data"),
        prevent_initial_call=True,
    )
    def remember(chosen: list[str] | None, page: dict[str, Any]) -> str:
        return "" if chosen == page["usual"] else "?" + urlencode({"columns": list_names(chosen or [])})

    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("shell", "count"),
        Output("runs-count", "children"),
        Input("runs-grid", "virtualRowData"),
        State("runs-grid", "rowData"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("runs-grid", "dashGridOptions"), Input("runs-search", "value"), State("runs-grid", "dashGridOptions")
    )
    def search(text: str | None, options: dict[str, Any]) -> Any:
        return {**options, "quickFilterText": text or ""}

    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("shell", "chosen"),
        Output("runs-chosen", "data"),
        Input("runs-grid", "selectedRows"),
        Input("runs-grid", "virtualRowData"),
    )

    @app.callback(Output("runs-compare", "children"), Input("runs-chosen", "data"), State("runs-page", "data"))
    def offer_comparison(chosen: list[str] | None, page: dict[str, Any]) -> Component:
        names = chosen or []
        if len(names) < 2:
            return html.Span("Choose runs to compare", className="soft")
        text = (
            f"Compare {len(names)} runs"
            if len(names) <= MAX_RUNS
            else f"Compare the first {MAX_RUNS} of {len(names)} runs"
        )
        query = urlencode({"runs": list_names(names[:MAX_RUNS])})
        return dcc.Link(text, href=f"{address(page['entity'], page['project'], 'compare')}?{query}", className="button")


def _count(count: int) -> str:
    return f"{count} runs" if count != 1 else "1 run"
