"""The front page: all projects."""

from collections.abc import Mapping
from typing import Any

import dash
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.projects import list_projects
from wandb_local.store.database import Row
from wandb_local.web.grids import link_column, make_grid, number_column, time_column
from wandb_local.web.listing import keep_current, ticking
from wandb_local.web.times import put_time
from wandb_local.web.urls import address

PATH = "/"


def trail(_context: Context, _params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs."""
    return [("Projects", "/")]


def layout(context: Context, _params: Mapping[str, str], _query: Mapping[str, str]) -> Component:
    """A grid of projects."""
    clock = [dcc.Store(id="projects-page"), ticking("projects")]
    return html.Section([*clock, html.H1("Projects"), _grid(project_rows(context))])


def register(app: dash.Dash, context: Context) -> None:
    """Add the callback that keeps the list up to date."""
    keep_current(app, "projects", lambda _page: project_rows(context))


def _grid(rows: list[dict[str, Any]]) -> Component:
    columns = [
        link_column("name", "Project", flex=1, minWidth=150),
        number_column("runs", "Runs", width=110),
        number_column("sweeps", "Sweeps", width=120),
        time_column("updated", "Last activity"),
        {"field": "entity", "headerName": "Entity", "width": 130},
    ]
    return make_grid("projects-grid", "All projects", columns, rows, getRowId="params.data.href")


def project_rows(context: Context) -> list[dict[str, Any]]:
    """The grid's rows, with the most recently changed project first."""
    return [_row(row) for row in list_projects(context.db)]


def _row(row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": row["name"],
        "href": address(row["entity"], row["name"]),
        "entity": row["entity"],
        "runs": row["runs"],
        "sweeps": row["sweeps"],
    }
    put_time(shown, "updated", row["updated"] or row["created_at"])
    return shown
