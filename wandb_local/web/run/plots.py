"""The charts of ``wandb.plot`` of a run, drawn from the tables that it logged last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dash
from dash import Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.records.projects import need_run
from wandb_local.store.database import Row
from wandb_local.web.charts.figure import GRAPH
from wandb_local.web.charts.presets import draw
from wandb_local.web.documents import noted
from wandb_local.web.table.files import RunFiles
from wandb_local.web.table.logged import logged_value
from wandb_local.web.table.sources import Document, find_table, read_document
from wandb_local.web.urls import address

_MOST = 24  # that are drawn; the others are links to their tables
_MOST_ROWS = 10_000  # of a table that is drawn, as many as the client logs unless it is told otherwise
_LARGEST = 20 << 20  # bytes of a table that is drawn


@dataclass(frozen=True)
class Plot:
    """A chart of a run: its ``key``, the key of its ``table``, the preset, and the arguments of the preset."""

    key: str
    table: str
    preset: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def plots_of(run: Row) -> list[Plot]:
    """The charts that a run has noted in its config, by key."""
    return sorted(_plots(run), key=lambda plot: plot.key)


def _plots(run: Row) -> Iterator[Plot]:
    for key, entry in _objects(noted(run, "visualize")):
        panel = entry.get("panel_config")
        if isinstance(panel, dict):
            fields, texts = (dict(panel.get(name) or {}) for name in ("fieldSettings", "stringSettings"))
            written = {name: text for name, text in texts.items() if isinstance(text, str)}
            table = next(_table_keys(panel.get("userQuery")), f"{key}_table")
            yield Plot(key, table, str(panel.get("panelDefId")), fields, written)
    for key, entry in _objects(noted(run, "viz")):  # of wandb.visualize, which has no fields
        yield Plot(key, key, str(entry.get("id")))


def _objects(entries: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, entry in entries.items() if isinstance(entries, dict) else ():
        if isinstance(entry, dict):
            yield key, entry


def _table_keys(query: Any) -> Iterator[str]:
    """The values of arguments called ``tableKey`` anywhere in a query."""
    if isinstance(query, dict):
        if query.get("name") == "tableKey" and isinstance(query.get("value"), str):
            yield query["value"]
        query = list(query.values())
    for part in query if isinstance(query, list) else ():
        yield from _table_keys(part)


def with_plots(charts: Component) -> Component:
    """The charts of a run's numbers, and below them the charts of its tables, with a link to them at the top."""
    place = html.Section([dcc.Store(id="plots-version"), html.Div(id="plots-cards")], id="plots")
    return html.Div([html.P(id="plots-note", className="note"), charts, place])


def register(app: dash.Dash, context: Context) -> None:
    """Add the callback that draws them, again whenever one of their tables has been logged."""

    @app.callback(
        Output("plots-cards", "children"),
        Output("plots-note", "children"),
        Output("plots-version", "data"),
        Input("run-tick", "n_intervals"),
        State("plots-version", "data"),
        State("run-page", "data"),
    )
    def follow(_: Any, version: Any, page: Mapping[str, str]) -> Any:
        run = need_run(context, page["entity"], page["project"], page["run"])
        plots = plots_of(run)
        now = [[plot.key, plot.preset, _logged(context, run, plot)] for plot in plots]
        if now == version:
            return no_update, no_update, no_update
        count = f"{len(plots)} charts" if len(plots) > 1 else "1 chart"
        note = html.A(f"{count} of tables below", href="#plots") if plots else None
        return cards(context, run, page, plots), note, now


def _logged(context: Context, run: Row, plot: Plot) -> Any:
    try:
        return logged_value(context, run, plot.table, None).get("sha256")
    except NotFoundError:
        return None


def cards(context: Context, run: Row, page: Mapping[str, str], plots: Sequence[Plot]) -> list[Component]:
    """A heading and a card for each chart."""
    if not plots:
        return []
    place = (page["entity"], page["project"], run["name"])
    drawn = [_card(context, run, place, plot) for plot in plots[:_MOST]]
    others = [html.Li(_link(place, plot, plot.key)) for plot in plots[_MOST:]]
    note = html.P(
        f"Only the first {_MOST} of {len(plots)} charts are drawn. The tables of the others are:", className="soft"
    )
    rest: list[Component] = [note, html.Ul(others, className="links card")] if others else []
    return [html.H2("Charts of tables"), html.Div(drawn, className="charts-grid"), *rest]


def _card(context: Context, run: Row, place: tuple[str, str, str], plot: Plot) -> Component:
    try:
        figure, note = _figure(context, run, place, plot)
    except (NotFoundError, ValueError) as error:
        said = f"{str(error).rstrip('.')}. "
        shown: list[Component] = [html.P([said, _link(place, plot, "Its table")], className="soft")]
    else:
        graph = dcc.Graph(figure=figure, config=GRAPH, style={"height": "var(--chart)"})
        shown = [graph, html.P([note, _link(place, plot, "table")], className="soft plot-table")]
    title = plot.texts.get("title") or plot.key
    about = [] if title == plot.key else [html.Span(plot.key, className="soft")]
    return html.Figure([html.Figcaption([title, " ", *about]), *shown], className="card chart")


def _figure(context: Context, run: Row, place: tuple[str, str, str], plot: Plot) -> tuple[dict[str, Any], str]:
    """The figure, and a note on it."""
    value = logged_value(context, run, plot.table, None)
    file, incremental = find_table(context, value, RunFiles(context, place, run["id"]))
    if context.blobs.path(file.md5).stat().st_size > _LARGEST:
        raise ValueError(f"Its table has more than {_LARGEST >> 20} MB")
    found = read_document(file, incremental)
    if not isinstance(found, Document):
        raise ValueError("Its table joins two others")
    rows = [row for row in found.data if len(row) == len(found.columns)]
    note = f"the first {_MOST_ROWS:,} of {len(rows):,} rows, " if len(rows) > _MOST_ROWS else ""
    return draw(plot.preset, plot.fields, plot.texts, found.columns, rows[:_MOST_ROWS]), note


def _link(place: tuple[str, str, str], plot: Plot, text: str) -> Component:
    entity, project, run = place
    return dcc.Link(text, href=address(entity, project, "runs", run, "tables", *plot.table.split("/")))
