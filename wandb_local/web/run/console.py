"""The console lines of a run, updated while it runs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import dash
from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records import console
from wandb_local.records.projects import need_run
from wandb_local.store.database import Row
from wandb_local.web.controls import labelled
from wandb_local.web.run.search import find
from wandb_local.web.run.terminal import PLAIN, pieces, readable, style

PER_PAGE = 1000  # lines
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def show(context: Context, run: Row, params: Mapping[str, str]) -> Component:
    """The last lines, a search, and older pages."""
    return html.Div(
        [
            dcc.Store(id="console-place", data=None),
            html.Div(
                [
                    labelled("Find", dcc.Input(id="console-search", type="search", value="", debounce=0.3)),
                    html.Div(
                        [
                            html.Button("Older", id="console-older", className="quiet", disabled=True),
                            html.Span(id="console-range", className="soft"),
                            html.Button("Newer", id="console-newer", className="quiet", disabled=True),
                        ],
                        className="pager",
                    ),
                ],
                className="controls card",
            ),
            html.Pre(id="console-lines", className="console card", tabIndex=0, **{"aria-label": "Console output"}),
        ]
    )


def register(app: dash.Dash, context: Context) -> None:
    """Add the callbacks."""

    @app.callback(
        Output("console-lines", "children"),
        Output("console-range", "children"),
        Output("console-older", "disabled"),
        Output("console-newer", "disabled"),
        Output("console-place", "data"),
        Input("run-tick", "n_intervals"),
        Input("console-search", "value"),
        Input("console-older", "n_clicks"),
        Input("console-newer", "n_clicks"),
        State("console-place", "data"),
        State("run-page", "data"),
    )
    def page(_: Any, search: str | None, _older: Any, _newer: Any, place: Any, where: dict[str, str]) -> Any:
        run = need_run(context, where["entity"], where["project"], where["run"])
        back = place["back"] if place else 0
        turn = {"console-older": PER_PAGE, "console-newer": -PER_PAGE, "run-tick": 0}
        back = max(back + turn[ctx.triggered_id], 0) if ctx.triggered_id in turn else 0
        lines, total = read_lines(context, run, search or "", back)
        now = {"back": back, "total": total, "search": search or ""}
        if now == place and ctx.triggered_id == "run-tick" and back > 0:
            return (no_update,) * 5
        end = total - back
        text = f"lines {end - len(lines) + 1} to {end} of {total}" if lines else "no lines"
        return shown_lines(lines, carried=not search), text, end - len(lines) <= 0, back == 0, now


def read_lines(context: Context, run: Row, search: str, back: int) -> tuple[list[str], int]:
    """A page of the lines that hold the text, in order: those that end ``back`` lines before the last one, with their
    terminal codes; and how many there are on all pages. Searched is what is shown, without codes and without the
    client's marks, whatever the case of its letters."""
    if search:
        numbers = find(context, run, search, _shows)
        asked = numbers[max(len(numbers) - back - PER_PAGE, 0) : max(len(numbers) - back, 0)].tolist()
        return [_printed(row) for row in console.rows_at(context.db, run["id"], asked)], len(numbers)
    rows = console.last_rows(context.db, run["id"], PER_PAGE, back)
    return [_printed(row) for row in rows], console.count_rows(context.db, run["id"])


def _shows(row: Row, wanted: str) -> bool:
    """Whether a text is in the shown part of a line, which is a part of the line unless something is removed from its
    middle."""
    likely = wanted in row["line"].casefold() or _CONTROLS.search(row["line"]) is not None
    return likely and wanted in readable(_printed(row)).casefold()


def _printed(row: Row) -> str:
    return str(console.log_line(row)["line"])


def shown_lines(lines: Sequence[str], carried: bool) -> list[str | Component]:
    """Lines in the colours of a terminal; if ``carried``, a colour continues in the next line until it is ended."""
    shown: list[str | Component] = []
    look = PLAIN
    for place, line in enumerate(lines):
        found, look = pieces(line, look if carried else PLAIN)
        for text, own in [("\n" if place else "", PLAIN), *found]:
            if own != PLAIN:
                shown.append(html.Span(text, style=dict(style(own))))
            elif shown and isinstance(shown[-1], str):
                shown[-1] += text
            else:
                shown.append(text)
    return shown
