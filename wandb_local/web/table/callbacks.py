"""The callbacks of the table page: rows for the grid, the filter, one row, CSV. The browser draws everything."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, no_update

from wandb_local.web.table.browser import grid_row, pictures, record
from wandb_local.web.table.cells import Table
from wandb_local.web.table.controls import explained
from wandb_local.web.table.export import to_csv
from wandb_local.web.table.layout import BLOCK
from wandb_local.web.table.tables import Source, Tables
from wandb_local.web.table.tokens import FilterError, tokens

_MOST = 500  # rows that one request may ask for
_AT_ONCE = ("ask", "paint", "draw", "remember")  # run when the page appears; only what has an output surely does
_VIEW = (
    ("table-sets", "value"),
    ("table-classes", "value"),
    ("table-opacity", "value"),
    ("table-colors", "value"),
    ("table-applied", "data"),
    ("table-sort", "data"),
    ("table-columns", "value"),
)


def register_callbacks(app: dash.Dash, tables: Tables) -> None:
    """Add the callbacks of the page."""

    @app.callback(
        Output("table-applied", "data"),
        Output("table-problem", "children"),
        Input("table-filter", "n_submit"),
        Input("table-filter", "n_blur"),
        Input("table-required", "data"),
        State("table-filter", "value"),
        State("table-applied", "data"),
        State("table-source", "data"),
        prevent_initial_call=True,
    )
    def apply(*given: Any) -> tuple[Any, ...]:
        *_events, expression, applied, source = given
        expression = expression or ""
        if expression == applied:
            return no_update, ""
        try:
            tables.open(Source.of(source)).check(expression)
        except FilterError as error:
            return no_update, explained(expression, error)
        return expression, ""

    @app.callback(
        Output("table-grid", "getRowsResponse"),
        Output("table-count", "children"),
        Input("table-grid", "getRowsRequest"),
        State("table-applied", "data"),
        State("table-source", "data"),
        running=[(Output("table-busy", "hidden"), False, True)],
    )
    def rows(request: dict[str, Any] | None, expression: str | None, source: dict[str, Any]) -> tuple[Any, ...]:
        if request is None or expression is None:
            return no_update, no_update
        opened = tables.open(Source.of(source))
        order = opened.order(expression, sorted_by(request, opened.table))
        first = max(int(request.get("startRow") or 0), 0)
        last = min(int(request.get("endRow") or BLOCK), first + _MOST)
        found = [grid_row(opened.table, number) for number in order[first:last]]
        count = f"{len(order):,} of {len(opened.table.rows):,} rows"
        return {"rowData": found, "rowCount": len(order)}, count

    @app.callback(
        Output("table-record", "data"),
        Input("table-asked", "data"),
        State("table-source", "data"),
        prevent_initial_call=True,
    )
    def one(asked: list[Any] | None, source: dict[str, Any]) -> Any:
        if not asked:
            return None
        row, expression, sort = asked
        opened = tables.open(Source.of(source))
        first = {name.removeprefix("-") for name in sort or ()} | named(expression, opened.table)
        return beside(opened.table, opened.order(expression, sort or []), row, first)

    @app.callback(
        Output("table-download", "data"),
        Input("table-csv", "n_clicks"),
        State("table-applied", "data"),
        State("table-sort", "data"),
        State("table-columns", "value"),
        State("table-source", "data"),
        prevent_initial_call=True,
    )
    def download(
        _clicks: int, expression: str | None, sort: list[str], shown: list[str] | None, source: dict[str, Any]
    ) -> Any:
        where = Source.of(source)
        opened = tables.open(where)
        columns = [place for place, column in enumerate(opened.table.columns) if column.name in (shown or ())]
        text = to_csv(opened.table, opened.order(expression or "", sort or []), columns)
        return {"content": text, "filename": f"{where.key.replace('/', '-')}.csv", "type": "text/csv", "base64": False}

    _in_the_browser(app)


def _in_the_browser(app: dash.Dash) -> None:
    """Callbacks that run in the browser; the functions are in ``assets/table_page.js``."""

    def clientside(name: str, *parts: Output | Input | State) -> None:
        at_once = name in _AT_ONCE
        app.clientside_callback(ClientsideFunction("table", name), *parts, prevent_initial_call=not at_once)  # type: ignore[no-untyped-call]

    about, view = State("table-about", "data"), [Input(*each) for each in _VIEW]
    clientside("reload", Input("table-applied", "data"))
    clientside(
        "ask",
        Output("table-asked", "data"),
        *(Input(f"table-{what}", "data") for what in ("row", "applied", "sort")),
        State("table-asked", "data"),
    )
    clientside("sorted", Input("table-grid", "getRowsRequest"), State("table-sort", "data"), about)
    clientside("columns", Input("table-columns", "value"), about)
    for what in ("columns", "classes"):
        buttons = [Input(f"table-{what}-{which}", "n_clicks") for which in ("all", "none")]
        clientside("every", Output(f"table-{what}", "value"), *buttons, State(f"table-{what}", "options"))
    clientside(
        "require",
        Output("table-filter", "value"),
        Output("table-required", "data"),
        Input("table-has", "n_clicks"),
        Input("table-has-not", "n_clicks"),
        State("table-has-set", "value"),
        State("table-has-class", "value"),
        State("table-filter", "value"),
    )
    clientside("go", *(Input(f"table-{where}", "n_clicks") for where in ("previous", "next", "close")))
    clientside("fit", Input("table-fit", "n_clicks"))
    clientside("paint", Output("table-page", "className"), *view[:4], about)
    places = (("table-position", "children"), ("table-previous", "disabled"), ("table-next", "disabled"))
    clientside("draw", *(Output(*each) for each in places), Input("table-record", "data"))
    clientside("remember", *view, Input("table-row", "data"), about)
    clientside("compare", Input("table-compare", "n_clicks"), State("table-other", "value"), State("table-on", "value"))
    clientside("at_step", Input("table-step", "value"))


def sorted_by(request: Mapping[str, Any], table: Table) -> list[str]:
    """Column names (with ``-`` in front for descending) from the grid's own description."""
    found = []
    for each in request.get("sortModel") or ():
        place = str(each.get("colId", "")).removeprefix("c")
        if place.isdigit() and int(place) < len(table.columns):
            name = table.columns[int(place)].name
            found.append(f"-{name}" if each.get("sort") == "desc" else name)
    return found


def named(expression: str, table: Table) -> set[str]:
    """The columns that a filter is about."""
    found = tokens(expression, [column.name for column in table.columns])
    return {token.text for token in found if token.kind in ("column", "text")}


def beside(table: Table, order: Sequence[int], row: int, first: Collection[str]) -> dict[str, Any] | None:
    """A row in full, its place, the neighbouring rows, and their pictures, which are fetched in advance."""
    if not isinstance(row, int) or not 0 <= row < len(table.rows):
        return None
    position = order.index(row) if row in order else None
    before = order[position - 1] if position else None
    after = order[0] if position is None and order else None
    if position is not None and position + 1 < len(order):
        after = order[position + 1]
    near = [picture for number in (after, before) if number is not None for picture in pictures(table, number)]
    return {
        **record(table, row, first),
        "position": position,
        "total": len(order),
        "previous": before,
        "next": after,
        "near": near,
    }
