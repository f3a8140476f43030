"""The tables of a run."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.store.database import Row
from wandb_local.web.documents import several
from wandb_local.web.table.logged import last_table, table_keys
from wandb_local.web.urls import address


def show(context: Context, run: Row, params: Mapping[str, str]) -> Component:
    """Links to the tables, with their sizes."""
    place = (params["entity"], params["project"], "runs", run["name"], "tables")
    links = [
        html.Li(
            [
                dcc.Link(key, href=address(*place, *key.split("/"))),
                html.Span(_size(last_table(context, run, key) or {}), className="soft"),
            ]
        )
        for key in table_keys(run)
    ]
    return html.Ul(links, className="links card") if links else html.P("No tables have been logged.", className="soft")


def _size(value: Mapping[str, Any]) -> str:
    rows, columns = value.get("nrows"), value.get("ncols")
    return f"{several(rows, 'row')}, {several(columns, 'column')}" if rows is not None and columns is not None else ""
