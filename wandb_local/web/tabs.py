"""A row of links between pages that belong together. They are links, so that each view has an address."""

from collections.abc import Mapping

from dash import dcc, html
from dash.development.base_component import Component


def make_tabs(label: str, links: Mapping[str, str], current: str) -> Component:
    """Links by their text; ``current`` is the text of the page that is shown."""
    items = [
        html.Li(
            html.Span(text, **{"aria-current": "page"}) if text == current else dcc.Link(text, href=href),
        )
        for text, href in links.items()
    ]
    return html.Nav(html.Ul(items), className="tabs", **{"aria-label": label})
