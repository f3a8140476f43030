"""What a run has printed, as it comes in."""

import re
from collections.abc import Mapping
from typing import Any

import dash
from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.graphql.projects import need_run
from wandb_local.graphql.runs import log_line
from wandb_local.web.controls import labelled
from wandb_local.web.run.search import find

PER_PAGE = 1000  # lines
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f]"
_CONTROLS = re.compile(_CONTROL)
_ESCAPES = re.compile(rf"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]|{_CONTROL}")  # colours, cursor moves, bells


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
        return "\n".join(lines), text, end - len(lines) <= 0, back == 0, now


def read_lines(context: Context, run: Row, search: str, back: int) -> tuple[list[str], int]:
    """A page of the lines that hold the text, in order: those that end ``back`` lines before the last one; and how many
    there are on all pages. Searched is what is shown, without the client's marks, whatever the case of its letters."""
    if search:
        numbers = find(context, run, search, _shows)
        asked = jsons.dumps(numbers[max(len(numbers) - back - PER_PAGE, 0) : max(len(numbers) - back, 0)].tolist())
        sql = "SELECT number, line FROM console WHERE run_id = ? AND number IN (SELECT value FROM json_each(?))"
        return [_shown(row) for row in context.db.rows(f"{sql} ORDER BY number", (run["id"], asked))], len(numbers)
    sql = "SELECT number, line FROM console WHERE run_id = ? ORDER BY number DESC LIMIT ? OFFSET ?"
    rows = context.db.rows(sql, (run["id"], PER_PAGE, back))
    total = context.db.value("SELECT count(*) FROM console WHERE run_id = ?", (run["id"],))
    return [_shown(row) for row in reversed(rows)], total


def _shows(row: Row, wanted: str) -> bool:
    """Whether a text is in what is shown of a line: that is a part of the line, unless something is taken out of its
    middle."""
    likely = wanted in row["line"].casefold() or _CONTROLS.search(row["line"]) is not None
    return likely and wanted in _shown(row).casefold()


def _shown(row: Row) -> str:
    return readable(log_line(row)["line"])


def readable(line: str) -> str:
    """A line without terminal codes; of a progress bar that was drawn over and over, its last state."""
    last = line.rstrip("\r\n").rpartition("\r")[2]
    return _ESCAPES.sub("", last)
