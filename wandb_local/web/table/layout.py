"""The content of the table page: its controls, the grid, and one row enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.web.grids import make_grid
from wandb_local.web.table.browser import column_width, sets_for_browser
from wandb_local.web.table.cells import Column, Table
from wandb_local.web.table.controls import all_labels, button, called, explained, filter_bar, overlays
from wandb_local.web.table.tables import Opened, Source
from wandb_local.web.table.tokens import FilterError
from wandb_local.web.table.view import View

BLOCK = 100  # rows that the grid asks for at once


def table_layout(
    source: Source, opened: Opened, view: View, title: Component, choices: Sequence[Component]
) -> Component:
    """The page of a table; ``choices`` are the controls that lead to another table."""
    table = opened.table
    try:
        opened.check(view.filter)
        applied, problem = view.filter, ""
    except FilterError as error:
        applied, problem = "", explained(view.filter, error)
    no_row = _no_row(view, len(table.rows))
    hidden = default_hidden(source, table) if view.hide is None else view.hide
    sets = [each.name for each in table.sets if view.sets is None or each.name in view.sets]
    labels = all_labels(table.sets)
    stored = {
        "sets": sets_for_browser(table.sets),
        "columns": [column.name for column in table.columns],
        "hidden": default_hidden(source, table),
        "sort": default_sort(source, table),
        "pictures": [f"c{place}" for place, column in enumerate(table.columns) if column.kind == "image"],
    }
    return html.Div(
        [
            dcc.Store(id="table-source", data=asdict(source)),
            dcc.Store(id="table-about", data=stored),
            dcc.Store(id="table-applied", data=applied),
            dcc.Store(id="table-sort", data=list(default_sort(source, table) if view.sort is None else view.sort)),
            dcc.Store(id="table-required"),  # a filter that a button has written
            dcc.Store(id="table-row", data=None if no_row else view.row),
            dcc.Store(id="table-asked"),
            dcc.Store(id="table-record"),
            dcc.Download(id="table-download"),
            html.Div([title, *choices], className="table-head"),
            html.Div([html.P(fault) for fault in table.faults], className="table-faults"),
            html.P(no_row, className="table-no-row", role="status") if no_row else None,
            filter_bar(view, table, hidden, problem),
            html.Div(
                [
                    overlays(table.sets, labels, sets, view),
                    html.Div([_grid(source, table, view, hidden), _large()], className="table-stage"),
                ],
                className="table-body" if table.sets else "table-body table-bare",
            ),
        ],
        id="table-page",
    )


def _no_row(view: View, rows: int) -> str:
    """The message for a row in the address that the table does not have; empty otherwise."""
    if not view.row_text or (view.row is not None and view.row < rows):
        return ""
    asked = (
        f"There is no row {view.row + 1:,}"
        if view.row is not None
        else f"{view.row_text[:60]!r} is not the number of a row"
    )
    return (
        f"{asked}: the table has {rows:,} rows, and the last one is row={rows - 1} in the address."
        if rows
        else (f"{asked}: the table is empty.")
    )


def default_hidden(source: Source, table: Table) -> list[str]:
    """A comparison begins with only the differences."""
    names = [column.name for column in table.columns if column.kind != "image"]
    return [name for name in names if source.other and name.endswith((" (A)", " (B)"))]


def default_sort(source: Source, table: Table) -> list[str]:
    """A comparison begins where B lost most."""
    differences = [column.name for column in table.columns if column.name.endswith(" (B-A)")]
    return differences[:1] if source.other else []


def _as_shown(source: Source, table: Table) -> list[tuple[int, Column]]:
    """The columns and their places, in the order of the grid: what a comparison is sorted by, pictures, all else."""
    first = default_sort(source, table)
    return sorted(
        enumerate(table.columns), key=lambda each: (each[1].name not in first, each[1].kind != "image", each[0])
    )


def _grid(source: Source, table: Table, view: View, hidden: Sequence[str]) -> Component:
    sort = default_sort(source, table) if view.sort is None else view.sort
    directions = {
        name.removeprefix("-") if name not in {column.name for column in table.columns} else name: name for name in sort
    }
    has_images = any(column.kind == "image" for column in table.columns)
    columns: list[dict[str, Any]] = [
        {"colId": "open", "headerName": "#", "cellRenderer": "TableOpen", "width": 68, "pinned": "left"}
        | {"sortable": False, "filter": False, "minWidth": 60}
    ]
    for place, column in _as_shown(source, table):
        given = directions.get(column.name)
        columns.append(
            {
                "field": f"c{place}",
                "headerName": column.name,
                "headerTooltip": column.name,
                "cellRenderer": "TableCell",
                "cellClass": f"table-cell table-{column.kind} {'table-tall' if has_images else 'table-flat'}",
                "wrapHeaderText": True,
                "autoHeaderHeight": True,
                "width": column_width(table, place),
                "filter": False,
                "hide": column.name in hidden,
                "sort": None if given is None else ("asc" if given == column.name else "desc"),
                "sortIndex": None if given is None else list(sort).index(given),
            }
        )
    options = {
        "cacheBlockSize": BLOCK,
        "maxBlocksInCache": 20,
        "maxConcurrentDatasourceRequests": 1,  # dash-ag-grid remembers one request
        "infiniteInitialRowCount": 1,
        "rowHeight": 124 if has_images else 34,
        "rowBuffer": 2,
        "multiSortKey": "ctrl",
        "tooltipShowDelay": 400,
    }
    return make_grid(
        "table-grid",
        "Rows of the table",
        columns,
        None,
        rowModelType="infinite",
        dashGridOptions=options,
    )


def _large() -> Component:
    return html.Section(
        [
            html.Div(
                [
                    button("close", "Table", "Back to the table (Escape)"),
                    button("previous", "‹ Previous", "Previous row (left arrow)"),
                    button("next", "Next ›", "Next row (right arrow)"),
                    html.Span(id="table-position", role="status"),
                    button("fit", "Fit", "Show the whole picture (0). The wheel, + and - zoom."),
                    html.Span(id="table-readout", className="table-readout"),
                ],
                className="table-toolbar",
            ),
            html.Div(
                [html.Div(id="table-panes"), html.Dl(id="table-fields", tabIndex=0, **called("Cells of the row"))],
                className="table-one",
            ),
        ],
        id="table-large",
        hidden=True,
        tabIndex=-1,
        **called("One row"),
    )
