"""The artifacts of a project: all of them, or those of one type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dash
from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.records.artifacts.lists import collections_of
from wandb_local.records.projects import need_project
from wandb_local.store.database import Row
from wandb_local.web.artifact.read import WRAPPED, artifact_address
from wandb_local.web.grids import link_column, make_grid, number_column, put_size, time_column
from wandb_local.web.listing import keep_current, ticking
from wandb_local.web.project.tabs import project_tabs
from wandb_local.web.tabs import make_tabs
from wandb_local.web.times import put_time


@dataclass(frozen=True)
class Listing:
    """The page of all collections, or (``typed``) of one type."""

    typed: bool

    @property
    def PATH(self) -> str:
        """The address."""
        return "/{entity}/{project}/artifacts" + ("/{type}" if self.typed else "")

    def trail(self, _context: Context, params: Mapping[str, str]) -> list[tuple[str, str]]:
        """Breadcrumbs."""
        place = (params["entity"], params["project"])
        links = [("artifacts", artifact_address(*place))]
        return [*links, (params["type"], artifact_address(*place, params["type"]))] if self.typed else links

    def layout(self, context: Context, params: Mapping[str, str], _query: Mapping[str, str]) -> Component:
        """A grid of collections.

        Raises:
            NotFoundError: no such type.
        """
        place = (params["entity"], params["project"])
        found = _rows(context, *place)
        kinds = list(dict.fromkeys(row["type"] for row in found))
        if self.typed and params["type"] not in kinds:
            raise NotFoundError(f"there is no artifact of type {params['type']!r}")
        links = {"all types": artifact_address(*place)} | {kind: artifact_address(*place, kind) for kind in kinds}
        current = params.get("type", "all types")
        none = ["There is no artifact yet. Log one with ", html.Code("run.log_artifact"), "."]
        body = (
            [make_tabs("Types", links, current), _grid(_of_type(found, params.get("type")))]
            if found
            else [html.P(none)]
        )
        return html.Section(
            [
                dcc.Store(id="artifacts-page", data=[*place, params.get("type")]),
                ticking("artifacts", disabled=not found),
                html.H1(params["project"]),
                project_tabs(params, "artifacts"),
                *body,
            ]
        )

    def register(self, app: dash.Dash, context: Context) -> None:
        """Add the callback that keeps the list up to date."""
        if not self.typed:  # the page of one type shares its ids
            keep_current(app, "artifacts", lambda page: _of_type(_rows(context, page[0], page[1]), page[2]))


def _of_type(rows: list[dict[str, Any]], kind: str | None) -> list[dict[str, Any]]:
    return [row for row in rows if kind in (None, row["type"])]


def _grid(rows: list[dict[str, Any]]) -> Component:
    columns = [
        link_column("name", "Artifact", flex=1, minWidth=220, **WRAPPED),
        {"field": "type", "headerName": "Type", "width": 140},
        {"field": "newest", "headerName": "Newest", "width": 110},
        number_column("versions", "Versions", width=120),
        {"field": "aliases", "headerName": "Aliases", "flex": 1, "minWidth": 160},
        {"field": "tags", "headerName": "Tags", "width": 150},
        number_column("size", "Total size", width=130),
        time_column("updated", "Updated"),
    ]
    return make_grid("artifacts-grid", "Artifacts", columns, rows, getRowId="params.data.href")


def _rows(context: Context, entity: str, project: str) -> list[dict[str, Any]]:
    project_id = need_project(context, entity, project)["id"]
    return [_row(entity, project, row) for row in collections_of(context.db, project_id)]


def _row(entity: str, project: str, row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": row["name"],
        "href": artifact_address(entity, project, row["type"], row["name"]),
        "type": row["type"],
        "newest": f"v{row['newest']}",
        "versions": row["versions"],
        "aliases": row["aliases"],
        "tags": row["tags"],
    }
    put_size(shown, "size", row["size"])
    put_time(shown, "updated", row["updated_at"])
    return shown
