"""One sweep: state and controls, parallel coordinates, importance, runs over time, the runs, and what to copy."""

from collections.abc import Mapping
from typing import Any

import flask
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.web.copied import to_copy
from wandb_local.web.grids import make_grid
from wandb_local.web.sweep import panels
from wandb_local.web.sweep.callbacks import register
from wandb_local.web.sweep.read import Sweep, read_sweep, stamp
from wandb_local.web.urls import address

__all__ = ["PATH", "layout", "register", "trail"]

PATH = "/{entity}/{project}/sweeps/{sweep}"
_TICK = 3000  # milliseconds between two looks for changes
_GRAPH: Any = {"displaylogo": False, "displayModeBar": False, "responsive": True, "doubleClick": False}
_AXIS_WIDTH = 105  # pixels that an axis needs for its texts
_CLOSED = "Cancel the sweep? Its agents will stop their runs at once."


def trail(_context: Context, params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs: the list of sweeps, this one."""
    place = (params["entity"], params["project"], "sweeps")
    return [("sweeps", address(*place)), (params["sweep"], address(*place, params["sweep"]))]


def layout(context: Context, params: Mapping[str, str], _query: Mapping[str, str]) -> Component:
    """The page.

    Raises:
        NotFoundError: no such sweep.
    """
    place = (params["entity"], params["project"], params["sweep"])
    sweep = read_sweep(context, *place)
    return html.Section(
        [
            dcc.Store(id="sweep-page", data=place),
            dcc.Store(id="sweep-version", data=stamp(context, *place)),
            dcc.Store(id="sweep-brush", data={}),
            dcc.Store(id="sweep-ended"),
            dcc.Interval(id="sweep-tick", interval=_TICK),
            dcc.ConfirmDialog(id="sweep-confirm", message=_CLOSED),
            html.Div(panels.heading(sweep), id="sweep-heading", className="heading"),
            html.Dl(panels.facts(context, sweep, params), id="sweep-facts", className="facts sweep-facts card"),
            _parallel(sweep),
            html.Div([_importance(), _overtime()], className="columns"),
            _runs(sweep),
            _copied(sweep, params),
        ],
        id="sweep",
    )


def _parallel(sweep: Sweep) -> Component:
    chart = dcc.Graph(id="sweep-parallel", config=_GRAPH, style={"height": "400px"})
    width = {"minWidth": f"{_AXIS_WIDTH * (len(sweep.parameters) + 1) + 140}px"}
    hint = "Drag along an axis to choose runs. A short drag chooses all runs again. The filters of the list work too."
    head = [
        html.H2("Parameters and metric"),
        html.Span(id="sweep-chosen", className="soft", role="status"),
        html.Button("Show all", id="sweep-clear", className="quiet"),
    ]
    return html.Div(
        [
            html.Div(head, className="heading"),
            html.Div(html.Div(chart, style=width), className="sweep-wide"),
            html.P(hint, className="soft"),
        ],
        className="card",
    )


def _importance() -> Component:
    hint = (
        "Importance is the parameter's share of the explained variance, alone and together with others. An effect is "
        "not distinguishable from chance if the metric is explained as well without the parameter. Correlation is with "
        "the metric; for named values, the strongest one is shown."
    )
    return html.Div(
        [html.H2("Importance"), html.Div(id="sweep-importance"), html.P(hint, className="soft")], className="card"
    )


def _overtime() -> Component:
    chart = dcc.Graph(id="sweep-overtime", config=_GRAPH, style={"height": "calc(100% - 2rem)", "minHeight": "300px"})
    return html.Div([html.H2("Runs over time"), chart], className="card")


def _runs(sweep: Sweep) -> Component:
    grid = make_grid(
        "sweep-grid",
        "Runs of the sweep",
        panels.run_columns(sweep),
        [],
        getRowId="params.data.id",
        className="grid sweep-grid",
    )
    return html.Div([html.H2("Runs"), grid], className="card")


def _copied(sweep: Sweep, params: Mapping[str, str]) -> Component:
    url = flask.request.host_url.rstrip("/")
    path = "/".join((params["entity"], params["project"], params["sweep"]))
    agent = to_copy("sweep-agent", f"WANDB_BASE_URL={url} wandb agent {path}", "the command")
    yaml = to_copy("sweep-yaml", sweep.row["config"], "the configuration")
    key = "First export WANDB_API_KEY, which `python -m wandb_local serve` prints."
    return html.Div(
        [
            html.Div([html.H2("Start an agent"), agent, html.P(key, className="soft")], className="card"),
            html.Div([html.H2("Configuration"), yaml], className="card"),
        ],
        className="columns",
    )
