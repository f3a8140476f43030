"""Text that people write in Markdown: notes of runs, descriptions of artifacts."""

from dash import dcc
from dash.development.base_component import Component


def prose(text: str | None) -> Component | None:
    """Markdown as a page shows it. HTML in it stays text, and what it links to opens in a tab of its own."""
    return dcc.Markdown(text, className="prose", link_target="_blank") if text else None
