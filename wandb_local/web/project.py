"""The runs of a project: list, filter, choose columns, compare."""

from collections.abc import Mapping

import dash
from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.graphql.projects import need_project
from wandb_local.graphql.runs import state
from wandb_local.web.grids import link_column, make_grid
from wandb_local.web.urls import address

PATH = "/{entity}/{project}"


def trail(_context: Context, _params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs: entity and project are there already."""
    return []


def layout(context: Context, params: Mapping[str, str], _query: Mapping[str, str]) -> Component:
    """A grid of runs."""
    project = need_project(context, params["entity"], params["project"])
    rows = [
        {
            "name": row["display_name"],
            "href": address(params["entity"], params["project"], "runs", row["name"]),
            "state": state(row),
        }
        for row in context.db.rows("SELECT * FROM runs WHERE project_id = ? ORDER BY id DESC", (project["id"],))
    ]
    columns = [link_column("name", "Run"), {"field": "state", "headerName": "State"}]
    return html.Section([html.H1("Runs"), make_grid("runs-grid", "Runs", columns, rows)])


def register(_app: dash.Dash, _context: Context) -> None:
    """Nothing on this page changes."""
