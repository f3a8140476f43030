"""Which runs of the list a visitor has ticked, and the comparison that is offered of them."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash
from dash import Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.listing import ids_of, names_of
from wandb_local.records.projects import need_project
from wandb_local.web.charts.selection import MAX_RUNS
from wandb_local.web.project.listed import BLOCK, VIEW, order_of
from wandb_local.web.urls import address, list_names


def register_choice(app: dash.Dash, context: Context) -> None:
    """Add the callbacks."""
    view = (Input("runs-view", "data"), Input("runs-search", "value"), State("runs-page", "data"), *VIEW[2:])

    @app.callback(Output("runs-compare", "children"), Input("runs-ticked", "data"), *view)
    def offer(ticked: list[str], view: Any, find: str | None, page: dict[str, Any], columns: Any) -> Component:
        """A comparison of the runs that are ticked; what a filter hides is not among them."""
        order = order_of(context, page, find, view, columns) if ticked else None
        names = names_of(context.db, order.among(_ids(context, page, ticked))) if order else []
        if len(names) < 2:
            return html.Span("Choose runs to compare", className="soft")
        text = (
            f"Compare {len(names)} runs"
            if len(names) <= MAX_RUNS
            else f"Compare the first {MAX_RUNS} of {len(names)} runs"
        )
        query = urlencode({"runs": list_names(names[:MAX_RUNS])})
        return dcc.Link(text, href=f"{address(page['entity'], page['project'], 'compare')}?{query}", className="button")

    @app.callback(
        Output("runs-ticked", "data"),
        Input("runs-all", "data"),
        State("runs-ticked", "data"),
        State("runs-view", "data"),
        *VIEW,
        prevent_initial_call=True,
    )
    def tick_all(on: Any, ticked: list[str], view: Any, page: Any, find: str | None, columns: list[str] | None) -> Any:
        """The first runs of the list are ticked beside those that are already, or none of the list any more."""
        if on is None:
            return no_update
        order = order_of(context, page, find, view, columns)
        if on["on"]:
            return list(dict.fromkeys([*ticked, *names_of(context.db, order.ids(0, BLOCK))]))
        listed = {*names_of(context.db, order.among(_ids(context, page, ticked)))}
        return [name for name in ticked if name not in listed]


def _ids(context: Context, page: Mapping[str, Any], names: Sequence[str]) -> set[int]:
    return ids_of(context.db, need_project(context, page["entity"], page["project"])["id"], names)
