"""The frame of every page: header with breadcrumbs, the notice line, and the routing from address to page."""

from typing import Any
from urllib.parse import parse_qsl

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.names import unmarked
from wandb_local.web.pages import Trail, find_page
from wandb_local.web.urls import address


def make_shell() -> Component:
    """The layout of the application; ``shell-page`` holds the current page."""
    return html.Div(
        [
            dcc.Location(id="shell-url", refresh=False),
            dcc.Store(id="shell-title"),
            dcc.Store(id="shell-goto"),
            html.A("Skip to content", href="#shell-page", className="skip"),
            html.Header(
                [
                    dcc.Link("wandb_local", href="/", className="brand"),
                    html.Nav(id="shell-crumbs", **{"aria-label": "Breadcrumbs"}),
                    html.Form(
                        html.Button("Log out", type="submit", className="quiet"), method="post", action="/logout"
                    ),
                ],
                className="top",
            ),
            html.Div(id="shell-connection", role="status", className="notice"),
            html.Div(id="shell-notice", role="alert", className="notice"),
            html.Main(id="shell-page", tabIndex=-1),
        ]
    )


def register_shell(app: dash.Dash, context: Context) -> None:
    """Routing: the page follows the address. A page that changes only the query (``?…``) of its address is not drawn
    anew; one that wants to follow the query takes ``Input("shell-url", "search")``. A callback that opens another page
    writes its address to ``shell-goto``."""

    @app.callback(
        Output("shell-page", "children"),
        Output("shell-crumbs", "children"),
        Output("shell-title", "data"),
        Output("shell-notice", "children"),
        Input("shell-url", "pathname"),
        State("shell-url", "search"),
    )
    def route(pathname: str | None, search: str | None) -> tuple[Any, ...]:
        found = find_page(pathname or "/")
        if found is None:
            return _missing("There is no page at this address."), _crumbs([]), "Not found", ""
        try:
            behind = found.page.trail(context, found.params)
            content = found.page.layout(context, found.params, dict(parse_qsl((search or "").removeprefix("?"))))
        except NotFoundError as error:
            return _missing(str(error)), _crumbs([]), "Not found", ""
        trail = [*_project_trail(found.params), *behind]
        return content, _crumbs(trail), " · ".join(unmarked(text) for text, _ in reversed(trail)), ""

    app.clientside_callback(
        ClientsideFunction("shell", "title"), Output("shell-title", "id"), Input("shell-title", "data")
    )
    app.clientside_callback(
        ClientsideFunction("shell", "visit"), Input("shell-goto", "data"), prevent_initial_call=True
    )


def _project_trail(params: Any) -> list[tuple[str, str]]:
    if "project" not in params:
        return []
    return [(f"{params['entity']} / {params['project']}", address(params["entity"], params["project"]))]


def _crumbs(trail: Trail) -> Component:
    links = [dcc.Link(text, href=href) for text, href in trail[:-1]]
    here = [html.Span(text, **{"aria-current": "page"}) for text, _ in trail[-1:]]
    return html.Ol([html.Li(item) for item in (*links, *here)])


def _missing(text: str) -> Component:
    return html.Section([html.H1("Not found"), html.P(text), dcc.Link("All projects", href="/")], className="card")
