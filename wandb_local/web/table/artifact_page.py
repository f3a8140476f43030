"""The page of a table in an artifact version, such as the frames of a data set."""

from __future__ import annotations

from collections.abc import Mapping

import dash
from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.web.table.layout import table_layout
from wandb_local.web.table.page import tables_of
from wandb_local.web.table.tables import Source
from wandb_local.web.table.view import View
from wandb_local.web.urls import address

PATH = "/{entity}/{project}/tables/{name}/{version}/{key:path}"


def table_address(entity: str, project: str, name: str, version: str, path: str) -> str:
    """The page of the table in the file ``path`` (``….table.json``) of an artifact's version (``v3`` or an alias)."""
    return address(entity, project, "tables", name, version, *path.split("/"))


def trail(_context: Context, params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs: the artifact's file."""
    here = table_address(*(params[name] for name in ("entity", "project", "name", "version", "key")))
    return [(f"{params['name']}:{params['version']} / {params['key']}", here)]


def layout(context: Context, params: Mapping[str, str], query: Mapping[str, str]) -> Component:
    """The table as the query describes it.

    Raises:
        NotFoundError: no such artifact, or no table in it.
    """
    source = Source.of({name: params[name] for name in ("entity", "project", "name", "version", "key")})
    title = html.Div([html.H1(params["key"]), html.P(f"in {source.name}:{source.version}", className="table-runs")])
    return table_layout(source, tables_of(context).open(source), View.of(query), title, [])


def register(_app: dash.Dash, _context: Context) -> None:
    """The page of a run's table has added the callbacks."""
