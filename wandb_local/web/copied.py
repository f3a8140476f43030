"""Text that a visitor copies."""

from dash import dcc, html
from dash.development.base_component import Component


def to_copy(name: str, text: str, label: str) -> Component:
    """Text in an element with the id ``name``, and a button that copies it; ``label`` says what it is."""
    copy = dcc.Clipboard(target_id=name, title=f"Copy {label}", className="copy")
    return html.Div([html.Pre(text, id=name, tabIndex=0), copy], className="copied")
