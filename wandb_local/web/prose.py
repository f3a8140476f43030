"""Text that people write in Markdown: notes of runs, descriptions of artifacts."""

from dash import dcc
from dash.development.base_component import Component


def prose(text: str | None) -> Component | None:
    """Markdown on a page. HTML in it is shown as text, and links open in a new tab."""
    return dcc.Markdown(text, className="prose", link_target="_blank") if text else None
