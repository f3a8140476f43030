"""The controls above the charts."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.store.database import Row
from wandb_local.web.charts.definitions import DEFINED, Definitions
from wandb_local.web.charts.figure import color
from wandb_local.web.charts.selection import HIDDEN, all_metrics, run_options, sections
from wandb_local.web.charts.series import axes_of
from wandb_local.web.controls import labelled
from wandb_local.web.documents import title_of
from wandb_local.web.urls import address


def controls(context: Context, page: Mapping[str, Any], runs: Sequence[Row]) -> Component:
    """The row of controls; their ids begin with ``charts-``."""
    chosen = [run["name"] for run in runs]
    options = run_options(context, page, "", chosen)
    choice = dcc.Dropdown(id="charts-runs", options=options, value=chosen, multi=True, placeholder="Add runs")
    search = dcc.Input(id="charts-search", type="search", value="", debounce=0.3, placeholder="loss")
    offered = section_options(*all_metrics(runs))
    section = dcc.Dropdown(id="charts-section", options=offered, value="", clearable=False)
    return html.Div(
        [
            labelled("Runs in the charts", choice, "wide"),
            labelled("Find a metric", search),
            labelled("Section", section),
            *_looks(runs[0]),
            html.Div(
                [
                    html.Button("Previous", id="charts-previous", className="quiet", disabled=True),
                    html.Span(id="charts-range", className="soft", **{"aria-live": "polite"}),
                    html.Button("Next", id="charts-next", className="quiet", disabled=True),
                ],
                className="pager",
            ),
        ],
        className="controls card",
    )


def _looks(run: Row) -> list[Component]:
    known = (
        {DEFINED: "as defined by the script, else the step"}
        | axes_of(run)
        | {name: name for name in Definitions(run).steps}
    )
    axes = [{"label": text, "value": key} for key, text in known.items()]
    smoothing = dcc.Slider(0, 0.99, id="charts-smoothing", value=0, marks=None, step=0.01)
    return [
        labelled("Horizontal axis", dcc.Dropdown(id="charts-axis", options=axes, value=DEFINED, clearable=False)),
        labelled("Smoothing", smoothing, "slider"),
        dcc.Checklist(id="charts-log", options=[{"label": "log axis", "value": "log"}], value=[]),
        dcc.RadioItems(id="charts-size", options=["small", "large"], value="small", inline=True),
    ]


def legend(page: Mapping[str, Any], runs: Sequence[Row]) -> list[Component]:
    """The runs with their colours."""
    return [
        dcc.Link(
            [html.Span(className="swatch", style={"backgroundColor": color(place)}), title_of(run)],
            href=address(page["entity"], page["project"], "runs", run["name"]),
        )
        for place, run in enumerate(runs)
    ]


def section_options(names: Sequence[str], hidden: Sequence[str]) -> list[dict[str, str]]:
    """The sections of these metrics with their numbers of metrics; the section of hidden metrics, if any, is last."""
    options = [{"label": f"all ({len(names)})", "value": ""}]
    options += [{"label": f"{name} ({count})", "value": name} for name, count in sections(names).items()]
    return options + ([{"label": f"hidden ({len(hidden)})", "value": HIDDEN}] if hidden else [])


def register_address(app: dash.Dash) -> None:
    """Read the controls from the address, and write them to it."""
    settings = ("search", "section", "axis", "smoothing", "log", "size")
    app.clientside_callback(
        ClientsideFunction("charts", "restore"),
        *(Output(f"charts-{name}", "value") for name in settings),
        Input("charts-page", "data"),
        *(State(f"charts-{name}", "options") for name in ("axis", "section", "size")),
    )
    app.clientside_callback(
        ClientsideFunction("charts", "remember"),
        Output("charts-remembered", "data"),
        *(Input(f"charts-{name}", "value") for name in ("runs", *settings)),
        State("charts-page", "data"),
    )
