"""The pages of a version: overview, files, differences from another version, lineage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.web.artifact import collection
from wandb_local.web.artifact.contents import show_comparison, show_files
from wandb_local.web.artifact.graph import show_lineage
from wandb_local.web.artifact.read import Version, need_version, tags, versions
from wandb_local.web.copied import to_copy
from wandb_local.web.documents import cell
from wandb_local.web.grids import size_text
from wandb_local.web.prose import prose
from wandb_local.web.tabs import make_tabs
from wandb_local.web.times import time_text

Params = Mapping[str, str]


@dataclass(frozen=True)
class View:
    """One page of a version; ``show`` makes the part below the links. The first view is at the version's address."""

    name: str
    show: Callable[[Context, Version], Component]
    first: bool = False

    @property
    def PATH(self) -> str:
        """The address."""
        return collection.PATH + "/{version}" + ("" if self.first else f"/{self.name}")

    def trail(self, context: Context, params: Params) -> list[tuple[str, str]]:
        """Breadcrumbs: artifacts, type, collection, version, view."""
        version = need_version(context, params)
        links = [*collection.trail(context, params), (f"v{version.number}", version.address())]
        return links if self.first else [*links, (self.name, version.address(self.name))]

    def layout(self, context: Context, params: Params, query: Params) -> Component:
        """Heading, links, view.

        Raises:
            NotFoundError: no such version.
        """
        version = need_version(context, params)
        links = {view.name: version.address(*([] if view.first else [view.name])) for view in VIEWS}
        marks = [html.Span(alias, className="badge finished") for alias in version.aliases]
        marks += [html.Span(tag, className="badge") for tag in tags(context, "artifact", version.row["id"])]
        heading = html.Div(
            [html.H1(version.title), html.Span(version.collection.type, className="soft"), *marks], className="heading"
        )
        chosen = dcc.Store(id="artifact-page", data={**params, "with": query.get("with")})
        return html.Section([chosen, heading, make_tabs("Version", links, self.name), self.show(context, version)])

    def register(self, app: dash.Dash, context: Context) -> None:
        """Add the callbacks of this view."""
        if self.name == "lineage":
            _register_graph(app)
        if self.name == "compare":
            _register_comparison(app, context)


def _show_overview(context: Context, version: Version) -> Component:
    row, made = version.row, collection.made_by(context, version)
    shown: dict[str, Any] = {
        "Type": version.collection.type,
        "Files": f"{row['file_count']}, {size_text(row['size'])}",
        "Made": time_text(row["created_at"]),
        "Logged by": dcc.Link(made["run"], href=made["run_href"]) if made["run"] else "no run",
        "Versions": dcc.Link(f"all of {version.collection.name}", href=version.collection.address()),
        "Digest": html.Code(row["digest"]),
    }
    if row["ttl"] > 0:
        shown["Time-to-live"] = html.Span(["over after ", time_text(row["created_at"] + row["ttl"])])
    path = f"{version.collection.entity}/{version.collection.project}/{version.title}"
    use = f'run.use_artifact("{path}").download(root="…")'
    entries = [html.Tr([html.Th(name, scope="row"), _value(value)]) for name, value in version.metadata.items()]
    metadata = (
        html.Table(html.Tbody(entries), className="artifact-metadata") if entries else html.P("none", className="soft")
    )
    return html.Div(
        [
            prose(row["description"]),
            html.Dl(
                [html.Div([html.Dt(name), html.Dd(value)]) for name, value in shown.items()], className="facts card"
            ),
            html.Div(
                [
                    html.Div([html.H2("Metadata"), metadata], className="card"),
                    html.Div([html.H2("Use it"), to_copy("artifact-use", use, "the line")], className="card"),
                ],
                className="columns",
            ),
        ]
    )


def _value(value: Any) -> Component:
    return html.Td(f"{value:.6g}", title=str(value)) if isinstance(value, float) else html.Td(str(cell(value)))


def _show_compare(context: Context, version: Version) -> Component:
    others = [other.number for other in versions(context, version.collection) if other.number != version.number]
    if not others:
        return html.P("There is no other version to compare with.", className="soft")
    options = [{"label": f"v{number}", "value": f"v{number}"} for number in others]
    choice = html.Div(
        [
            html.Label("Compare with", htmlFor="artifact-with"),
            dcc.Dropdown(id="artifact-with", options=options, clearable=False),
        ],
        className="control",
    )
    return html.Div([html.Div(choice, className="controls card"), html.Div(id="artifact-difference")])


def _register_comparison(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("artifact-difference", "children"),
        Output("artifact-with", "value"),
        Output("shell-url", "search", allow_duplicate=True),
        Input("artifact-with", "value"),
        State("artifact-page", "data"),
        prevent_initial_call="initial_duplicate",
    )
    def compare(chosen: str | None, page: dict[str, str]) -> Any:
        version = need_version(context, page)
        numbers = [other.number for other in versions(context, version.collection) if other.number != version.number]
        before = max([number for number in numbers if number < version.number], default=numbers[0])
        wanted = chosen or page["with"] or f"v{before}"
        other = need_version(context, {**page, "version": wanted})
        shown = show_comparison(context, other, version)
        return shown, f"v{other.number}", f"?with=v{other.number}" if chosen else no_update


def _register_graph(app: dash.Dash) -> None:
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("artifact", "reveal"),
        Output("artifact-canvas", "title"),
        Input("artifact-canvas", "id"),
        Input("artifact-size", "n_clicks"),
    )

    @app.callback(
        Output("shell-goto", "data", allow_duplicate=True),
        Input("artifact-graph", "tapNodeData"),
        prevent_initial_call=True,
    )
    def open_node(data: dict[str, str] | None) -> Any:
        return data["href"] if data else no_update


VIEWS = (
    View("overview", _show_overview, first=True),
    View("files", show_files),
    View("compare", _show_compare),
    View("lineage", show_lineage),
)
