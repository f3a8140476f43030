"""The pages of one run: a heading with its state, links between the views, and the view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dash
from dash import Input, Output, State, dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.projects import need_run
from wandb_local.records.states import UNDER_WAY, quiet, state
from wandb_local.store.database import Row
from wandb_local.web.charts import panel
from wandb_local.web.documents import several, title_of
from wandb_local.web.run import artifacts, console, files, gallery, overview, plots, tables
from wandb_local.web.tabs import make_tabs
from wandb_local.web.times import duration, time_text
from wandb_local.web.urls import address, listed_names

Params = Mapping[str, str]
_TICK = 3000  # milliseconds between two looks at the run


@dataclass(frozen=True)
class View:
    """One page of a run; ``show`` draws what is below the links, given the parameters of the address and its query. The
    first view lies at the run's own address."""

    name: str
    show: Callable[[Context, Row, Params], Component]
    register: Callable[[dash.Dash, Context], None]
    first: bool = False

    @property
    def PATH(self) -> str:
        """The address."""
        return "/{entity}/{project}/runs/{run}" + ("" if self.first else f"/{self.name}")

    def trail(self, context: Context, params: Params) -> list[tuple[str, str]]:
        """Breadcrumbs: the run by the name that people gave it, then the view."""
        run = need_run(context, params["entity"], params["project"], params["run"])
        links = [(title_of(run), run_address(params))]
        return links if self.first else [*links, (self.name, run_address(params, self.name))]

    def layout(self, context: Context, params: Params, query: Params) -> Component:
        """Heading, links, view."""
        run = need_run(context, params["entity"], params["project"], params["run"])
        links = {view.name: run_address(params, *([] if view.first else [view.name])) for view in VIEWS}
        return html.Section(
            [
                dcc.Store(id="run-page", data=dict(params)),
                dcc.Interval(id="run-tick", interval=_TICK, disabled=state(run) not in UNDER_WAY),
                html.Div([html.H1(title_of(run)), html.Div(id="run-state")], className="heading"),
                make_tabs("Run", links, self.name),
                self.show(context, run, {**query, **params}),
            ]
        )


def run_address(params: Params, *more: str) -> str:
    """The address of a run's page."""
    return address(params["entity"], params["project"], "runs", params["run"], *more)


def _charts(context: Context, run: Row, params: Params) -> Component:
    page = {"entity": params["entity"], "project": params["project"], "runs": [run["name"]]}
    return plots.with_plots(panel.layout(context, page, listed_names(params.get("runs", ""))))


def _register_heading(app: dash.Dash, context: Context) -> None:
    panel.register(app, context)
    plots.register(app, context)

    @app.callback(
        Output("run-state", "children"),
        Output("run-tick", "disabled"),
        Input("run-tick", "n_intervals"),
        State("run-page", "data"),
    )
    def follow(_: Any, page: dict[str, str]) -> Any:
        run = need_run(context, page["entity"], page["project"], page["run"])
        now = state(run)
        since = f", {duration(run['heartbeat_at'] - run['created_at'])}, {several(run['history_lines'], 'row')}"
        badge = html.Span(now, className=f"badge {now}")
        silence = html.Span(quiet(run), className="soft")
        return [
            badge,
            silence,
            html.Span([time_text(run["created_at"]), since], className="soft"),
        ], now not in UNDER_WAY


VIEWS: tuple[View, ...] = (
    View("charts", _charts, _register_heading, first=True),
    View("overview", overview.show, overview.register),
    View("logs", console.show, console.register),
    View("media", gallery.show, gallery.register),
    View("tables", tables.show, lambda _app, _context: None),
    View("artifacts", artifacts.show, lambda _app, _context: None),
    View("files", files.show, lambda _app, _context: None),
)
