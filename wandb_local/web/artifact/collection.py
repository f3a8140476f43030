"""A collection of versions."""

from collections.abc import Mapping
from typing import Any

import dash
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.artifacts.uses import runs_of
from wandb_local.web.artifact.read import (
    Collection,
    Version,
    artifact_address,
    need_collection,
    tags,
    versions,
)
from wandb_local.web.documents import title_of
from wandb_local.web.grids import link_column, make_grid, number_column, put_size, time_column
from wandb_local.web.listing import keep_current, ticking
from wandb_local.web.prose import prose
from wandb_local.web.times import put_time
from wandb_local.web.urls import address

PATH = "/{entity}/{project}/artifacts/{type}/{name}"


def trail(_context: Context, params: Mapping[str, str]) -> list[tuple[str, str]]:
    """Breadcrumbs: artifacts, type, collection."""
    steps = [params["type"], params["name"]]
    base = (params["entity"], params["project"])
    links = [(step, artifact_address(*base, *steps[: count + 1])) for count, step in enumerate(steps)]
    return [("artifacts", artifact_address(*base)), *links]


def layout(context: Context, params: Mapping[str, str], _query: Mapping[str, str]) -> Component:
    """Description, tags and a grid of versions.

    Raises:
        NotFoundError: no such collection.
    """
    collection = need_collection(context, params)
    columns = [
        link_column("title", "Version", width=120),
        {"field": "aliases", "headerName": "Aliases", "flex": 1, "minWidth": 160},
        {"field": "tags", "headerName": "Tags", "width": 150},
        link_column("run", "Logged by", href="run_href", flex=1, minWidth=160),
        number_column("uses", "Used by runs", width=160),
        number_column("files", "Files", width=100),
        number_column("size", "Size", width=120),
        time_column("created", "Made"),
    ]
    marks = [html.Span(tag, className="badge") for tag in tags(context, "collection", collection.row["id"])]
    return html.Section(
        [
            dcc.Store(id="collection-page", data=dict(params)),
            ticking("collection"),
            html.Div(
                [html.H1(collection.name), html.Span(collection.type, className="soft"), *marks], className="heading"
            ),
            prose(collection.row["description"]),
            make_grid("collection-grid", "Versions", columns, _rows(context, collection), getRowId="params.data.title"),
        ]
    )


def register(app: dash.Dash, context: Context) -> None:
    """Add the callback that keeps the list up to date."""
    keep_current(app, "collection", lambda params: _rows(context, need_collection(context, params)))


def _rows(context: Context, collection: Collection) -> list[dict[str, Any]]:
    return [_row(context, version) for version in versions(context, collection)]


def _row(context: Context, version: Version) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "title": f"v{version.number}",
        "href": version.address(),
        "aliases": ", ".join(version.aliases),
        "tags": ", ".join(tags(context, "artifact", version.row["id"])),
        **made_by(context, version),
        "uses": len(runs_of(context.db, version.row["id"], "input")),
        "files": version.row["file_count"],
    }
    put_size(shown, "size", version.row["size"])
    put_time(shown, "created", version.row["created_at"])
    return shown


def made_by(context: Context, version: Version) -> dict[str, Any]:
    """The run that logged a version first, and its address; both None if there is none."""
    runs = runs_of(context.db, version.row["id"], "output")
    if not runs:
        return {"run": None, "run_href": None}
    run = runs[-1]
    title = title_of(run)
    return {"run": title, "run_href": address(run["entity"], run["project"], "runs", run["name"])}
