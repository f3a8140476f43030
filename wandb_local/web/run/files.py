"""The files of a run."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.files import files_of_run
from wandb_local.store.database import Row
from wandb_local.web.artifact.read import WRAPPED
from wandb_local.web.grids import make_grid, number_column, put_size, time_column
from wandb_local.web.media import run_file_url
from wandb_local.web.times import put_time


def show(context: Context, run: Row, params: Mapping[str, str]) -> Component:
    """A grid of files; a name leads to the file."""
    rows = [_row(row, run, params) for row in files_of_run(run["id"]).rows(context.db)]
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "File", "cellRenderer": "File", "flex": 1, "minWidth": 220, **WRAPPED},
        number_column("size", "Size", width=130),
        time_column("updated", "Updated"),
    ]
    return make_grid("files-grid", "Files", columns, rows) if rows else html.P("No files.", className="soft")


def _row(row: Row, run: Row, params: Mapping[str, str]) -> dict[str, Any]:
    url = run_file_url(params["entity"], params["project"], run["name"], row["name"])
    shown: dict[str, Any] = {"name": row["name"], "href": url}
    put_size(shown, "size", row["size"])
    put_time(shown, "updated", row["updated_at"])
    return shown
