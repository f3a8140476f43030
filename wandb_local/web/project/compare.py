"""Several runs side by side: their charts, and where their settings and results differ."""

from collections.abc import Mapping

import dash
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.web.charts import panel
from wandb_local.web.charts.selection import chosen_runs
from wandb_local.web.differences import differences
from wandb_local.web.documents import config_of, several, summary_of
from wandb_local.web.urls import address, listed_names

PATH = "/{entity}/{project}/compare"


def trail(_context: Context, params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs."""
    return [("Compare", address(params["entity"], params["project"], "compare"))]


def layout(context: Context, params: Mapping[str, str], query: Mapping[str, str]) -> Component:
    """The runs that the query names: ``?runs=ID,ID``."""
    page = {"entity": params["entity"], "project": params["project"], "runs": listed_names(query.get("runs", ""))}
    runs = chosen_runs(context, page)
    if not runs:
        raise NotFoundError("none of these runs exists; choose runs in the project's list")
    return html.Section(
        [
            html.H1(_title(len(runs), len(set(page["runs"])))),
            html.Details(
                [
                    html.Summary("What differs"),
                    differences("compare-config", "Config", runs, config_of),
                    differences("compare-summary", "Summary", runs, summary_of),
                ],
                open=True,
                className="card",
            ),
            panel.layout(context, page),
            dcc.Link("All runs", href=address(params["entity"], params["project"])),
        ]
    )


def _title(shown: int, asked: int) -> str:
    """The number of runs that are shown; a run is not shown if it does not exist or if there are too many."""
    return f"{several(shown, 'run')} side by side" if shown == asked else f"{shown} of {asked} runs side by side"


def register(_app: dash.Dash, _context: Context) -> None:
    """The charts' callbacks serve this page too."""
