"""The artifacts that a run has used and logged."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.artifacts.uses import versions_of
from wandb_local.store.database import Row
from wandb_local.web.artifact.read import WRAPPED
from wandb_local.web.grids import link_column, make_grid, number_column, put_size, time_column
from wandb_local.web.times import put_time
from wandb_local.web.urls import address


def show(context: Context, run: Row, _params: Mapping[str, str]) -> Component:
    """A grid of versions; a name leads to the artifact's page."""
    rows = [_row(row) for row in versions_of(context.db, run["id"])]
    columns = [
        {"field": "direction", "headerName": "Direction", "width": 120},
        link_column("name", "Artifact", flex=1, minWidth=260, **WRAPPED),
        {"field": "type", "headerName": "Type", "width": 130},
        {"field": "aliases", "headerName": "Aliases", "width": 160},
        number_column("files", "Files", width=100),
        number_column("size", "Size", width=130),
        time_column("when", "When"),
    ]
    if not rows:
        return html.P("This run has not used or logged an artifact.", className="soft")
    return make_grid("artifacts-grid", "Artifacts", columns, rows)


def _row(row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": f"{row['name']}:v{row['version']}",
        "href": address(row["entity"], row["project"], "artifacts", row["type"], row["name"], f"v{row['version']}"),
        "direction": "used" if row["direction"] == "input" else "logged",
        "type": row["type"],
        "aliases": row["aliases"],
        "files": row["file_count"],
    }
    put_size(shown, "size", row["size"])
    put_time(shown, "when", row["created_at"])
    return shown
