"""The lineage as a picture whose nodes a click opens, and as links in its order, for keys and screen readers."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_cytoscape as cyto
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.artifacts.uses import runs_of
from wandb_local.store.database import Row
from wandb_local.web.artifact.lineage import DRAWN, Lineage, causes, elements, lineage, steps
from wandb_local.web.artifact.read import Version
from wandb_local.web.documents import title_of
from wandb_local.web.urls import address

cyto.load_extra_layouts()  # dagre, which draws layers from left to right

_NODE_WIDTH, _NODE_HEIGHT, _GAP, _ROOM = 170, 54, 70, 20  # pixels
_LAYOUT = {"name": "dagre", "rankDir": "LR", "nodeSep": _ROOM, "rankSep": _GAP, "fit": False}
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
    """The graph around a version, its nodes as links, and the runs next to it."""
    found = lineage(context, version.row["id"])
    far = any(abs(rank) > DRAWN for rank in found.ranks.values())
    note = f" It shows {DRAWN} steps on each side. The list below shows all." if far else ""
    note += f" Only the nearest {len(found.nodes)} nodes were looked up." if found.cut else ""
    made_by, used_by = (runs_of(context.db, version.row["id"], direction) for direction in ("output", "input"))
    return html.Div(
        [
            html.Div(
                html.Div(_graph(found), **{"aria-hidden": "true"}),
                id="artifact-canvas",
                className="card",
                tabIndex=0,  # it may scroll
                role="region",
                **{"aria-label": "Picture of the lineage; the list below has a link for each node"},
            ),
            html.P(
                [
                    f"Click a node to open it.{note} ",
                    html.Button("Full size", id="artifact-size", className="quiet", hidden=True),
                ],
                className="soft",
            ),
            _links(found),
            html.Div(
                [
                    _runs("Made by", made_by, "no run (logged outside a run)"),
                    _runs("Used by", used_by, "no run yet"),
                ],
                className="columns",
            ),
        ]
    )


def _links(found: Lineage) -> Component:
    """The nodes as links, a list for each column of the picture, in its order."""
    items, before = [], 0
    for rank, names in steps(found):
        links = [_link(found.nodes[name], causes(found, name) if before > 1 else []) for name in names]
        items.append(html.Li([html.H3(_step(rank)), html.Ul(links)]))
        before = len(names)
    heading = html.H2("From data to results", id="artifact-steps")
    steps_list = html.Ol(items, className="artifact-steps")
    return html.Nav([heading, steps_list], className="card", **{"aria-labelledby": "artifact-steps"})


def _step(rank: int) -> str:
    if rank == 0:
        return "this version"
    return f"{abs(rank)} {'step' if abs(rank) == 1 else 'steps'} {'before' if rank < 0 else 'after'}"


def _link(node: Mapping[str, Any], origin: Sequence[str]) -> Component:
    """A node with its type; ``origin`` names its causes, if the order does not show them."""
    about = [node["type"], f"from {' and '.join(origin)}" if origin else ""]
    if node["kind"] == "here":
        title: Component = html.B(node["title"], **{"aria-current": "page"})
    else:
        title = dcc.Link(node["title"], href=node["href"])
    return html.Li([title, html.Span(", ".join(filter(None, about)), className="soft")])


def _graph(found: Lineage) -> Component:
    rows = max(len(names) for _, names in steps(found))
    return cyto.Cytoscape(
        id="artifact-graph",
        elements=elements(found),
        layout=_LAYOUT,
        stylesheet=_STYLES,
        userZoomingEnabled=False,  # the page scrolls
        userPanningEnabled=False,
        boxSelectionEnabled=False,
        autoungrabify=True,
        style={"width": "100%", "height": f"{rows * (_NODE_HEIGHT + _ROOM) + 60}px"},  # until `reveal` has measured it
    )


def _runs(title: str, runs: Sequence[Row], nothing: str) -> Component:
    links = [
        html.Li(dcc.Link(title_of(run), href=address(run["entity"], run["project"], "runs", run["name"])))
        for run in runs
    ]
    body = html.Ul(links, className="artifact-runs") if links else html.P(nothing, className="soft")
    return html.Div([html.H2(f"{title} ({len(runs)})"), body], className="card")
