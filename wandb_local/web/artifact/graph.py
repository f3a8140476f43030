"""The lineage as a picture whose nodes are links, and the same as lists for those who do not see or click it."""

from collections.abc import Sequence
from typing import Any

import dash_cytoscape as cyto
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.web.artifact.lineage import Lineage, elements, lineage
from wandb_local.web.artifact.read import Version, runs_of
from wandb_local.web.urls import address

cyto.load_extra_layouts()  # dagre, which draws layers from left to right

_NODE_WIDTH, _NODE_HEIGHT, _GAP, _ROOM = 170, 46, 70, 20  # pixels
_LAYOUT = {"name": "dagre", "rankDir": "LR", "nodeSep": _ROOM, "rankSep": _GAP, "fit": True, "padding": 20}
_STYLES: list[dict[str, Any]] = [
    {
        "selector": "node",
        "style": {
            "label": "data(label)",
            "text-wrap": "wrap",
            "text-valign": "center",
            "font-size": "11px",
            "line-height": 1.3,
            "color": "#ffffff",
            "width": f"{_NODE_WIDTH}px",
            "height": f"{_NODE_HEIGHT}px",
            "shape": "round-rectangle",
            "background-color": "#2b6cb0",
        },
    },
    {
        "selector": ".here",
        "style": {
            "background-color": "#1d4f86",
            "border-width": 3,
            "border-color": "#e8a33d",
            "font-weight": "bold",
        },
    },
    {"selector": ".run", "style": {"background-color": "#5c6b7a"}},
    {"selector": ".more", "style": {"background-color": "#8a94a3", "background-opacity": 0.2, "color": "#7a8594"}},
    {
        "selector": "edge",
        "style": {
            "curve-style": "taxi",
            "taxi-direction": "horizontal",
            "source-endpoint": "50% 0%",
            "target-endpoint": "-50% 0%",
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
    first, columns = min(found.ranks.values()), len(set(found.ranks.values()))
    label = f"Lineage of {version.title}; the lists below say the same of its runs"
    note = f" Only the nearest {len(found.nodes)} are drawn." if found.cut else ""
    place = (0.5 - first) / columns
    return html.Div(
        [
            html.Div(
                html.Div(_graph(found), role="img", **{"aria-label": label}),
                id="artifact-canvas",
                className="card",
                tabIndex=0,
                role="region",
                **{"aria-label": "Lineage", "data-place": f"{place:.3f}"},
            ),
            html.P(f"A click opens a node.{note}", className="soft"),
            html.Div(
                [
                    _runs("Made by", runs_of(context, version, "output"), "no run: it was logged outside one"),
                    _runs("Used by", runs_of(context, version, "input"), "no run yet"),
                ],
                className="columns",
            ),
        ]
    )


def _graph(found: Lineage) -> Component:
    ranks = list(found.ranks.values())
    columns, rows = len(set(ranks)), max(ranks.count(rank) for rank in set(ranks))
    return cyto.Cytoscape(
        id="artifact-graph",
        elements=elements(found),
        layout=_LAYOUT,
        stylesheet=_STYLES,
        minZoom=0.3,
        maxZoom=1,
        userZoomingEnabled=False,  # the page scrolls
        userPanningEnabled=False,
        boxSelectionEnabled=False,
        autoungrabify=True,
        style={
            "minWidth": f"{columns * (_NODE_WIDTH + _GAP) + 40}px",
            "width": "100%",
            "height": f"{rows * (_NODE_HEIGHT + _ROOM) + 60}px",
        },
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
