"""The overview of a run: its origin, config and summary, and the differences from another run."""

import json
from collections.abc import Mapping
from typing import Any

import dash
from dash import Input, Output, State, dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.projects import find_run, need_run
from wandb_local.records.sweeps import sweep_name
from wandb_local.store.database import Row
from wandb_local.web.charts.selection import run_options
from wandb_local.web.controls import labelled
from wandb_local.web.differences import differences
from wandb_local.web.documents import config_of, summary_of
from wandb_local.web.prose import prose
from wandb_local.web.times import time_text
from wandb_local.web.urls import address


def show(context: Context, run: Row, params: Mapping[str, str]) -> Component:
    """Facts, and the grids of config and summary with a choice of another run to compare with."""
    others = [option for option in run_options(context, params, "", []) if option["value"] != run["name"]]
    return html.Div(
        [
            html.Dl(_facts(context, run, params), className="facts card"),
            _notes(run),
            html.Div(
                [
                    labelled(
                        "Compare with",
                        dcc.Dropdown(id="overview-other", options=others, placeholder="another run"),
                        "wide",
                    ),
                    dcc.Checklist(
                        id="overview-differing", options=[{"label": "only differences", "value": "on"}], value=["on"]
                    ),
                ],
                className="controls card",
            ),
            html.Div(_grids([run], all_rows=True), id="overview-grids", className="columns"),
        ]
    )


def register(app: dash.Dash, context: Context) -> None:
    """Add the callbacks."""

    @app.callback(
        Output("overview-other", "options"),
        Input("overview-other", "search_value"),
        State("overview-other", "value"),
        State("run-page", "data"),
        prevent_initial_call=True,
    )
    def offer(search: str | None, chosen: str | None, page: dict[str, str]) -> Any:
        found = run_options(context, page, search or "", [chosen] if chosen else [])
        return [option for option in found if option["value"] != page["run"]]

    @app.callback(
        Output("overview-grids", "children"),
        Input("overview-other", "value"),
        Input("overview-differing", "value"),
        Input("run-tick", "n_intervals"),
        State("run-page", "data"),
        prevent_initial_call=True,
    )
    def compare(other: str | None, differing: list[str], _: Any, page: dict[str, str]) -> Any:
        run = need_run(context, page["entity"], page["project"], page["run"])
        found = find_run(context, run["project_id"], other) if other else None
        return _grids([run] if found is None else [run, found], all_rows=found is None or not differing)


def _grids(runs: list[Row], *, all_rows: bool) -> list[Component]:
    return [
        html.Div(differences("overview-config", "Config", runs, config_of, all_rows=all_rows), className="card"),
        html.Div(differences("overview-summary", "Summary", runs, summary_of, all_rows=all_rows), className="card"),
    ]


def _notes(run: Row) -> Component | None:
    return html.Div([html.H2("Notes"), prose(run["notes"])], className="card") if run["notes"] else None


def _facts(context: Context, run: Row, params: Mapping[str, str]) -> list[Component]:
    sweep = sweep_name(context.db, run)
    place = (params["entity"], params["project"])
    facts: dict[str, Any] = {
        "Id": run["name"],
        "Tags": ", ".join(json.loads(run["tags"])),
        "Group": run["group_name"],
        "Job type": run["job_type"],
        "Sweep": sweep and dcc.Link(sweep, href=address(*place, "sweeps", sweep)),
        "Host": run["host"],
        "Program": run["program"],
        "Repository": run["repo"],
        "Commit": run["commit_hash"],
        "Began": time_text(run["created_at"]),
        "Last heartbeat": time_text(run["heartbeat_at"]),
        "Exit code": None if run["exitcode"] is None else str(run["exitcode"]),
    }
    return [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts.items() if value]
