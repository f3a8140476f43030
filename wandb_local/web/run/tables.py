"""The tables of a run."""

import json
from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.store.database import Row
from wandb_local.web.table.sources import TABLE_TYPES
from wandb_local.web.urls import address


def show(_context: Context, run: Row, params: Mapping[str, str]) -> Component:
    """Links to the tables, with their sizes."""
    found = tables_of(run)
    place = (params["entity"], params["project"], "runs", run["name"], "tables")
    links = [
        html.Li([dcc.Link(key, href=address(*place, *key.split("/"))), html.Span(_size(value), className="soft")])
        for key, value in found.items()
    ]
    return html.Ul(links, className="links card") if links else html.P("No tables have been logged.", className="soft")


def tables_of(run: Row) -> dict[str, Any]:
    """The last table under each key, by key."""
    flat = jsons.flatten(json.loads(run["summary"]))
    return {k: v for k, v in sorted(flat.items()) if isinstance(v, dict) and v.get("_type") in TABLE_TYPES}


def _size(value: Mapping[str, Any]) -> str:
    rows, columns = value.get("nrows"), value.get("ncols")
    return f"{rows} rows, {columns} columns" if rows is not None and columns is not None else ""
