"""The sweeps of a project."""

from collections.abc import Mapping
from typing import Any

import dash
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.projects import need_project
from wandb_local.records.sweeps import sweep_names
from wandb_local.web.grids import link_column, make_grid, number_column, time_column
from wandb_local.web.listing import keep_current, ticking
from wandb_local.web.project.tabs import project_tabs
from wandb_local.web.sweep.read import read_sweep
from wandb_local.web.times import put_time
from wandb_local.web.urls import address

PATH = "/{entity}/{project}/sweeps"


def trail(_context: Context, params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs."""
    return [("sweeps", address(params["entity"], params["project"], "sweeps"))]


def layout(context: Context, params: Mapping[str, str], _query: Mapping[str, str]) -> Component:
    """A grid of sweeps."""
    place = (params["entity"], params["project"])
    rows = _rows(context, *place)
    columns = [
        link_column("title", "Sweep", flex=1, minWidth=200),
        {"field": "state", "headerName": "State", "width": 120},
        {"field": "method", "headerName": "Method", "width": 110},
        {"field": "metric", "headerName": "Metric", "minWidth": 150},
        number_column("best", "Best", width=120),
        number_column("runs", "Runs", width=100),
        number_column("expected", "Expected", width=120),
        time_column("created", "Made"),
    ]
    none = [
        "There is no sweep yet. Write a configuration to sweep.yaml and run ",
        html.Code("wandb sweep sweep.yaml"),
        ".",
    ]
    body = make_grid("sweeps-grid", "Sweeps", columns, rows, getRowId="params.data.href") if rows else html.P(none)
    parts = [dcc.Store(id="sweeps-page", data=place), ticking("sweeps")] if rows else []
    return html.Section([*parts, html.H1(params["project"]), project_tabs(params, "sweeps"), body])


def register(app: dash.Dash, context: Context) -> None:
    """Add the callback that keeps the list up to date."""
    keep_current(app, "sweeps", lambda place: _rows(context, *place))


def _rows(context: Context, entity: str, project: str) -> list[dict[str, Any]]:
    project_id = need_project(context, entity, project)["id"]
    return [_row(context, entity, project, name) for name in sweep_names(context.db, project_id)]


def _row(context: Context, entity: str, project: str, name: str) -> dict[str, Any]:
    sweep = read_sweep(context, entity, project, name)
    best = next(iter(sweep.ranked()), None)
    goal = f"{'max' if sweep.maximize else 'min'} {sweep.metric}" if sweep.metric else ""
    shown: dict[str, Any] = {
        "title": sweep.title,
        "href": address(entity, project, "sweeps", name),
        "state": sweep.row["state"].lower(),
        "method": sweep.config["method"],
        "metric": goal,
        "best": best and best.metric,
        "runs": len(sweep.runs),
        "expected": sweep.expected,
    }
    put_time(shown, "created", sweep.row["created_at"])
    return shown
