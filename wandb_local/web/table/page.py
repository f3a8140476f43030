"""The page of a table that a run has logged; beside the same table of another run if the query asks for it."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import dash
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.listing import others_with
from wandb_local.records.projects import need_run
from wandb_local.store.database import Row
from wandb_local.web.documents import title_of
from wandb_local.web.table.callbacks import register_callbacks
from wandb_local.web.table.cells import Table
from wandb_local.web.table.compare import key_columns
from wandb_local.web.table.controls import choice, menu
from wandb_local.web.table.layout import table_layout
from wandb_local.web.table.logged import logged_steps, table_keys
from wandb_local.web.table.tables import Source, Tables
from wandb_local.web.table.view import View, number
from wandb_local.web.urls import address

PATH = "/{entity}/{project}/runs/{run}/tables/{key:path}"
_MOST_RUNS = 200  # that are offered for a comparison, the newest ones


def trail(context: Context, params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs: the run and the table."""
    run = need_run(context, params["entity"], params["project"], params["run"])
    return [
        (title_of(run), address(params["entity"], params["project"], "runs", params["run"])),
        (params["key"], _table_address(params, params["run"])),
    ]


def layout(context: Context, params: Mapping[str, str], query: Mapping[str, str]) -> Component:
    """The table as the query describes it.

    Raises:
        NotFoundError: no such run, no such table, or one that cannot be joined with it.
    """
    run = need_run(context, params["entity"], params["project"], params["run"])
    step, other = number(query, "step", None), query.get("with", "")
    place = {name: params[name] for name in ("entity", "project", "run", "key")}
    source = Source(step=step, other=other, on=query.get("on", ""), **place)
    opened = tables_of(context).open(source)
    first = tables_of(context).open(Source(step=step, **place)).table if other else opened.table
    title = html.Div([html.H1(params["key"]), _about(context, params, run, source)])
    choices = [_steps(context, run, params["key"], step), _comparison(context, params, run, source, first)]
    return table_layout(source, opened, View.of(query), title, [choice for choice in choices if choice is not None])


def register(app: dash.Dash, context: Context) -> None:
    """Add the callbacks, which serve the page of an artifact's table as well."""
    register_callbacks(app, tables_of(context))


@functools.lru_cache(maxsize=4)
def tables_of(context: Context) -> Tables:
    """The tables that are open on a server."""
    return Tables(context)


def _table_address(params: Mapping[str, str], run: str) -> str:
    return address(params["entity"], params["project"], "runs", run, "tables", *params["key"].split("/"))


def _about(context: Context, params: Mapping[str, str], run: Row, source: Source) -> Component:
    """A line with links to the shown runs."""
    if not source.other:
        return html.P(["logged by ", _run_link(params, run)], className="table-runs")
    other = need_run(context, source.entity, source.project, source.other)
    swapped = f"{_table_address(params, source.other)}?with={source.run}&on={_quoted(source.on)}"
    return html.P(
        [
            html.B("A"),
            _run_link(params, run),
            html.B("B"),
            _run_link(params, other),
            html.A("swap", href=swapped),
            html.A("A alone", href=_table_address(params, source.run)),
        ],
        className="table-runs",
    )


def _run_link(params: Mapping[str, str], run: Row) -> Component:
    return dcc.Link(title_of(run), href=address(params["entity"], params["project"], "runs", run["name"]))


def _quoted(text: str) -> str:
    return address(text)[1:]


def _steps(context: Context, run: Row, key: str, step: int | None) -> Component | None:
    """A choice among the tables that were logged under the key, if there are several."""
    steps = logged_steps(context, run, key)
    if len(steps) < 2:
        return None
    return choice("step", "Step", steps, steps[-1] if step is None else step)


def _comparison(
    context: Context, params: Mapping[str, str], run: Row, source: Source, table: Table
) -> Component | None:
    """A choice among the runs of the project that logged a table under the same key."""
    runs = _others(context, run, params["key"])
    keys = key_columns(table, table)
    if not runs or not keys:
        return None
    options = [{"label": f"{title_of(row)} ({row['name']})", "value": row["name"]} for row in runs]
    return menu(
        "Compare",
        [
            choice("other", "with the run", options, source.other or options[0]["value"]),
            choice("on", "rows with the same", keys, source.on or keys[0]),
            html.Button("Compare", id="table-compare", n_clicks=0),
        ],
    )


def _others(context: Context, run: Row, key: str) -> list[Row]:
    return [row for row in others_with(context.db, run, key, _MOST_RUNS) if key in table_keys(row)]
