"""Config and summary of several runs side by side."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from wandb_local.documents import Document
from wandb_local.store.database import Row
from wandb_local.web.artifact.read import WRAPPED
from wandb_local.web.documents import cell, differing, title_of
from wandb_local.web.grids import make_grid


def differences(
    name: str, title: str, runs: Sequence[Row], read: Callable[[Row], Document], *, all_rows: bool = False
) -> Component:
    """A grid with a row for each name and a column for each run: what differs, or everything if ``all_rows``."""
    documents = [read(run) for run in runs]
    names = sorted({key for document in documents for key in document} if all_rows else differing(documents))
    columns: list[dict[str, Any]] = [
        {"field": "key", "headerName": title, "pinned": "left", "width": 200, "minWidth": 150, **WRAPPED}
    ]
    columns += [
        {
            "field": _field(run),
            "headerName": title_of(run),
            "headerTooltip": run["name"],
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
            "flex": 1,
            "minWidth": 115,
        }
        for run in runs
    ]
    rows = [_row(key, runs, documents) for key in names]
    if not rows:
        same = "the same in all runs" if any(documents) else "empty"
        return html.P(f"{title}: {same}.", className="soft")
    return make_grid(name, title, columns, rows, className="grid short", dashGridOptions={"domLayout": "autoHeight"})


def _row(key: str, runs: Sequence[Row], documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    values = {_field(run): cell(document.get(key)) for run, document in zip(runs, documents, strict=True)}
    return {**values, "key": key}


def _field(run: Row) -> str:
    return f"run {run['name']}"  # an id may be "key"
