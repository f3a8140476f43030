"""The front page: all projects."""

from collections.abc import Mapping
from typing import Any

import dash
from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.graphql.common import iso
from wandb_local.web.grids import link_column, make_grid
from wandb_local.web.urls import address

PATH = "/"


def trail(_context: Context, _params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs."""
    return [("Projects", "/")]


def layout(context: Context, _params: Mapping[str, str], _query: Mapping[str, str]) -> Component:
    """A grid of projects."""
    return html.Section([html.H1("Projects"), _grid(project_rows(context))])


def register(_app: dash.Dash, _context: Context) -> None:
    """Nothing on this page changes."""


def _grid(rows: list[dict[str, Any]]) -> Component:
    columns = [
        link_column("name", "Project"),
        {"field": "entity", "headerName": "Entity"},
        {"field": "runs", "headerName": "Runs", "type": "numericColumn"},
        {"field": "sweeps", "headerName": "Sweeps", "type": "numericColumn"},
        {"field": "updated", "headerName": "Last activity"},
    ]
    return make_grid("projects-grid", "All projects", columns, rows)


def project_rows(context: Context) -> list[dict[str, Any]]:
    """The grid's rows, the project first that was heard of last."""
    found = context.db.rows(
        "SELECT entity, name, created_at,"
        " (SELECT count(*) FROM runs WHERE project_id = projects.id) AS runs,"
        " (SELECT count(*) FROM sweeps WHERE project_id = projects.id) AS sweeps,"
        " (SELECT max(max(updated_at, heartbeat_at)) FROM runs WHERE project_id = projects.id) AS updated"
        " FROM projects ORDER BY coalesce(updated, created_at) DESC"
    )
    return [
        {
            "name": row["name"],
            "href": address(row["entity"], row["name"]),
            "entity": row["entity"],
            "runs": row["runs"],
            "sweeps": row["sweeps"],
            "updated": iso(row["updated"] or row["created_at"]),
        }
        for row in found
    ]
