"""The files of a run."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.graphql.common import iso
from wandb_local.web.grids import make_grid
from wandb_local.web.media import run_file_url


def show(context: Context, run: Row, params: Mapping[str, str]) -> Component:
    """A grid of files; a name leads to the file."""
    sql = "SELECT name, size, updated_at FROM run_files JOIN blobs USING (md5) WHERE run_id = ? ORDER BY name"
    rows = [
        {
            "name": row["name"],
            "href": run_file_url(params["entity"], params["project"], run["name"], row["name"]),
            "size": row["size"],
            "updated": iso(row["updated_at"]),
        }
        for row in context.db.rows(sql, (run["id"],))
    ]
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "File", "cellRenderer": "File", "flex": 1, "minWidth": 300},
        {"field": "size", "headerName": "Bytes", "filter": "agNumberColumnFilter", "type": "numericColumn"},
        {"field": "updated", "headerName": "Updated", "width": 190},
    ]
    return make_grid("files-grid", "Files", columns, rows) if rows else html.P("No files.", className="soft")
