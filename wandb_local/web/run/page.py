"""The page of one run."""

from collections.abc import Mapping

import dash
from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.graphql.projects import need_run
from wandb_local.web.urls import address

PATH = "/{entity}/{project}/runs/{run}"


def trail(context: Context, params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs: the run by the name that people gave it."""
    run = need_run(context, params["entity"], params["project"], params["run"])
    return [(run["display_name"] or run["name"], address(params["entity"], params["project"], "runs", run["name"]))]


def layout(context: Context, params: Mapping[str, str], _query: Mapping[str, str]) -> Component:
    """The run."""
    run = need_run(context, params["entity"], params["project"], params["run"])
    return html.Section([html.H1(run["display_name"] or run["name"])])


def register(_app: dash.Dash, _context: Context) -> None:
    """Nothing on this page changes."""
