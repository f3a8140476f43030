"""The runs of a project: sorted, filtered, with the columns that a visitor chooses; some of them can be compared.

The grid asks for the runs block by block. What a visitor has found, sorted, filtered and ticked stands in the address
(``assets/runs_page.js``).
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.listing import Mark, changed, mark
from wandb_local.records.projects import need_project
from wandb_local.web.controls import labelled
from wandb_local.web.grids import make_grid
from wandb_local.web.project.asked import asked_of
from wandb_local.web.project.choice import register_choice
from wandb_local.web.project.columns import column_definitions, grid_rows, newest, offered, runs_of, usual
from wandb_local.web.project.counts import count_text, states_text
from wandb_local.web.project.listed import BLOCK, VIEW, order_of, orders_of
from wandb_local.web.project.order import Order
from wandb_local.web.project.remembered import Remembered, remembered
from wandb_local.web.project.tabs import project_tabs
from wandb_local.web.urls import listed_names

PATH = "/{entity}/{project}"
_TICK = 5000  # milliseconds between two looks for changes
_MOST = 500  # runs that one request may ask for


def trail(_context: Context, _params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs: entity and project are there already."""
    return []


def layout(context: Context, params: Mapping[str, str], query: Mapping[str, str]) -> Component:
    """The list of runs as the query says: ``columns=config.lr,summary.loss``, ``find``, ``sort``, ``filter``, ``runs``
    (those that are ticked)."""
    project_id = need_project(context, params["entity"], params["project"])["id"]
    seen = mark(context.db, project_id)
    orders = orders_of(context)
    some = newest(context, orders.get(asked_of(project_id, None, None, None)))
    own = usual(some)
    asked = listed_names(query["columns"]) if "columns" in query else own
    names = offered(context, project_id, asked)
    chosen = [name for name in asked if name in names]
    columns = column_definitions(chosen, grid_rows(some, params["entity"], params["project"], chosen))
    view = remembered(query, columns)
    order = orders.get(asked_of(project_id, view.find, view.request, chosen))
    stores = {
        "page": {"entity": params["entity"], "project": params["project"], "usual": own},
        "seen": {"number": seen.number, "moment": seen.moment, "turn": order.turn, "names": len(names)},
        "view": view.request,
        "ticked": view.ticked,
        "all": None,  # what the box in the header says
        "changed": None,  # rows to be shown anew
    }
    return html.Section(
        [
            *(dcc.Store(id=f"runs-{name}", data=data) for name, data in stores.items()),
            dcc.Interval(id="runs-tick", interval=_TICK),
            html.H1(params["project"]),
            project_tabs(params, "runs"),
            _controls(context, order, view, names, chosen),
            _grid(columns, view),
        ],
        id="runs-page-body",
    )


def _controls(context: Context, order: Order, view: Remembered, names: list[str], chosen: list[str]) -> Component:
    find = dcc.Input(id="runs-search", type="search", value=view.find, debounce=0.2)
    columns = dcc.Dropdown(id="runs-columns", options=names, value=chosen, multi=True)
    count = html.Span(count_text(context.db, order), id="runs-count", **{"aria-live": "polite"})
    states = html.Span(states_text(context.db, order.asked.project_id), id="runs-states")
    parts = [labelled("Find a run", find), labelled("Columns", columns, "wide"), html.Div(id="runs-compare")]
    return html.Div([*parts, html.Div([count, states], className="soft counts")], className="controls card")


def _grid(columns: list[dict[str, Any]], view: Remembered) -> Component:
    return make_grid(
        "runs-grid",
        "Runs",
        columns,
        None,
        readable=True,
        rowModelType="infinite",
        getRowId="params.data.id",
        dashGridOptions={
            "initialState": view.state,
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": 10,
            "maxConcurrentDatasourceRequests": 1,  # dash-ag-grid remembers one request
            "infiniteInitialRowCount": 1,
            "rowSelection": {"mode": "multiRow", "enableClickSelection": False, "headerCheckbox": False},
            "selectionColumnDef": {"pinned": "left", "headerComponent": "TickAll"},
        },
    )


def register(app: dash.Dash, context: Context) -> None:
    """Add the callbacks."""
    _register_rows(app, context)
    _register_tick(app, context)
    register_choice(app, context)
    _in_the_browser(app)


def _register_rows(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("runs-grid", "getRowsResponse"),
        Output("runs-count", "children"),
        Input("runs-grid", "getRowsRequest"),
        *VIEW,
    )
    def rows(request: dict[str, Any] | None, page: dict[str, Any], find: str | None, columns: list[str] | None) -> Any:
        if request is None:
            return no_update, no_update
        order = order_of(context, page, find, request, columns)
        first = max(int(request.get("startRow") or 0), 0)
        ids = order.ids(first, min(int(request.get("endRow") or first + BLOCK), first + _MOST))
        found = grid_rows(runs_of(context, ids), page["entity"], page["project"], columns or [])
        return {"rowData": found, "rowCount": len(order)}, count_text(context.db, order)

    @app.callback(Output("runs-grid", "columnDefs"), Input("runs-columns", "value"), VIEW[0], prevent_initial_call=True)
    def choose(columns: list[str] | None, page: dict[str, Any]) -> Any:
        some = newest(context, order_of(context, page, None, None, None))
        return column_definitions(columns or [], grid_rows(some, page["entity"], page["project"], columns or []))


def _register_tick(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("runs-changed", "data"),
        Output("runs-seen", "data"),
        Output("runs-count", "children", allow_duplicate=True),
        Output("runs-states", "children"),
        Output("runs-columns", "options"),
        Input("runs-tick", "n_intervals"),
        State("runs-seen", "data"),
        State("runs-view", "data"),
        *VIEW,
        prevent_initial_call=True,
    )
    def look(_: Any, seen: Any, view: Any, page: Any, find: str | None, columns: list[str] | None) -> Any:
        """Update the rows of runs that have changed; if their order has changed, the grid requests its rows again."""
        project_id = need_project(context, page["entity"], page["project"])["id"]
        now = mark(context.db, project_id)
        ids = changed(context.db, project_id, Mark(seen["number"], seen["moment"]))
        if not ids:
            return (no_update,) * 5
        order = order_of(context, page, find, view, columns)
        moved = order.turn != seen["turn"] or len(ids) > BLOCK
        runs = [] if moved else runs_of(context, ids)
        names = offered(context, project_id, columns or ())
        return (
            {"moved": moved, "rows": grid_rows(runs, page["entity"], page["project"], columns or [])},
            {**asdict(now), "turn": order.turn, "names": len(names)},
            count_text(context.db, order),
            states_text(context.db, project_id),
            names if len(names) != seen["names"] else no_update,
        )


def _in_the_browser(app: dash.Dash) -> None:
    """Callbacks that run in the browser; the functions are in ``assets/runs_page.js``."""

    def clientside(name: str, *parts: Input | State) -> None:
        app.clientside_callback(ClientsideFunction("runs", name), *parts, prevent_initial_call=True)  # type: ignore[no-untyped-call]

    clientside("asked", Input("runs-grid", "getRowsRequest"), State("runs-view", "data"), State("runs-ticked", "data"))
    clientside("again", Input("runs-search", "value"))
    clientside("follow", Input("runs-grid", "columnDefs"))
    clientside("apply", Input("runs-changed", "data"))
    clientside("tick", Input("runs-ticked", "data"))
    view = ("columns", "value"), ("search", "value"), ("view", "data"), ("ticked", "data")
    clientside("remember", *(Input(f"runs-{name}", what) for name, what in view), State("runs-page", "data"))
