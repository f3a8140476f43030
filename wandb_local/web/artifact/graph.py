"""The lineage as a picture whose nodes are links, and the same as lists for those who do not see or click it."""

from collections.abc import Sequence
from typing import Any

import dash_cytoscape as cyto
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.web.artifact.lineage import elements, lineage
from wandb_local.web.artifact.read import Version, runs_of
from wandb_local.web.urls import address

cyto.load_extra_layouts()  # dagre, which draws layers from left to right

_LAYOUT = {"name": "dagre", "rankDir": "LR", "nodeSep": 18, "rankSep": 70, "fit": True, "padding": 24, "animate": False}
_STYLES: list[dict[str, Any]] = [
    {
        "selector": "node",
        "style": {
            "label": "data(label)",
            "text-wrap": "wrap",
            "text-max-width": "156px",
            "text-overflow-wrap": "anywhere",
            "text-valign": "center",
            "font-size": "11px",
            "line-height": 1.3,
            "color": "#ffffff",
            "width": "170px",
            "height": "46px",
            "border-width": 0,
        },
    },
    {"selector": ".artifact", "style": {"shape": "round-rectangle", "background-color": "#2b6cb0"}},
    {
        "selector": ".here",
        "style": {
            "shape": "round-rectangle",
            "background-color": "#1d4f86",
            "border-width": 3,
            "border-color": "#e8a33d",
            "font-weight": "bold",
        },
    },
    {"selector": ".run", "style": {"shape": "round-tag", "background-color": "#5c6b7a"}},
    {
        "selector": ".more",
        "style": {
            "shape": "round-rectangle",
            "background-color": "#8a94a3",
            "background-opacity": 0.25,
            "color": "#7a8594",
            "height": "30px",
        },
    },
    {
        "selector": "edge",
        "style": {
            "curve-style": "bezier",
            "width": 1.6,
            "line-color": "#8a94a3",
            "target-arrow-color": "#8a94a3",
            "target-arrow-shape": "triangle",
        },
    },
]


def show_lineage(context: Context, version: Version) -> Component:
    """The graph around a version, and the runs next to it."""
    found = lineage(context, version.row["id"])
    graph = cyto.Cytoscape(
        id="artifact-graph",
        elements=elements(found),
        layout=_LAYOUT,
        stylesheet=_STYLES,
        minZoom=0.15,
        maxZoom=1.4,
        wheelSensitivity=0.2,
        boxSelectionEnabled=False,
        autoungrabify=True,
        responsive=True,
        className="artifact-graph",
        style={},
    )
    hint = "A click opens a node. Drag to move, turn the wheel to zoom."
    note = f"Only the nearest {len(found.nodes)} are drawn." if found.cut else ""
    return html.Div(
        [
            html.Div(
                graph, className="card artifact-canvas", role="img", **{"aria-label": f"Lineage of {version.title}"}
            ),
            html.P([hint, " ", note], className="soft"),
            html.Div(
                [
                    _runs("Made by", runs_of(context, version, "output"), "no run: it was logged outside one"),
                    _runs("Used by", runs_of(context, version, "input"), "no run yet"),
                ],
                className="columns",
            ),
        ]
    )


def _runs(title: str, runs: Sequence[Row], nothing: str) -> Component:
    links = [
        html.Li(
            dcc.Link(
                run["display_name"] or run["name"], href=address(run["entity"], run["project"], "runs", run["name"])
            )
        )
        for run in runs
    ]
    body = html.Ul(links, className="artifact-runs") if links else html.P(nothing, className="soft")
    return html.Div([html.H2(f"{title} ({len(runs)})"), body], className="card")
