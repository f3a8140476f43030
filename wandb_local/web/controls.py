"""Controls with their labels."""

from dash import html
from dash.development.base_component import Component


def labelled(text: str, control: Component, kind: str = "") -> Component:
    """A control under a label; ``kind`` is ``wide``, ``slider`` or ``hidden``. The label names it."""
    return html.Div([html.Label(text, htmlFor=control.id), control], className=f"control {kind}".strip())
