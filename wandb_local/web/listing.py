"""Lists that follow what happens while one looks at them."""

from collections.abc import Callable
from typing import Any

import dash
from dash import Input, Output, State, dcc, no_update
from dash.development.base_component import Component

Rows = list[dict[str, Any]]
_TICK = 5000  # milliseconds between two looks for changes


def ticking(name: str, **more: Any) -> Component:
    """The clock of the list ``name``; ``more`` goes to dcc.Interval."""
    return dcc.Interval(id=f"{name}-tick", interval=_TICK, **more)


def keep_current(app: dash.Dash, name: str, rows: Callable[[Any], Rows]) -> None:
    """At every tick of ``NAME-tick``, give ``NAME-grid`` the ``rows`` of what ``NAME-page`` holds, if they differ."""

    @app.callback(
        Output(f"{name}-grid", "rowData"),
        Input(f"{name}-tick", "n_intervals"),
        State(f"{name}-grid", "rowData"),
        State(f"{name}-page", "data"),
        prevent_initial_call=True,
    )
    def refresh(_: int, shown: Rows, page: Any) -> Any:
        found = rows(page)
        return no_update if found == shown else found
