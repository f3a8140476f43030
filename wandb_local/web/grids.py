"""AG Grid with the settings that all pages share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
from dash import html
from dash.development.base_component import Component

from wandb_local.documents import Document
from wandb_local.web.documents import is_number

# a column may hold values of several types, so that the grid must not guess one
_DEFAULTS: dict[str, Any] = {
    "sortable": True,
    "filter": True,
    "resizable": True,
    "minWidth": 90,
    "cellDataType": False,
}
# of the grids whose cells show values: what a cell shows, also to the search, is short; the pointer shows all of it
_READABLE = {
    "valueFormatter": {"function": "shown(params)"},
    "getQuickFilterText": {"function": "shown(params)"},
    "tooltipValueGetter": {"function": "exact(params)"},
    "comparator": {"function": "missingLast"},
}
_NUMERIC = {"type": "numericColumn", "filter": "agNumberColumnFilter"}


def make_grid(
    name: str, label: str, columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]] | None, **more: Any
) -> Component:
    """A grid with the id ``name``; ``label`` is what a screen reader calls it; ``more`` goes to AgGrid. Without
    ``rows`` the grid asks for them (``rowModelType="infinite"``), and ``readable`` says whether its cells show values.

    Cells show what was logged as text: nothing in a grid is ever read as HTML or code. What a row's dictionary
    ``shown`` has for a field is shown in place of its value, by which the rows are sorted; ``exact`` has what the
    pointer shows.
    """
    defaults = _DEFAULTS
    options = {
        "animateRows": False,
        "suppressFieldDotNotation": True,  # a metric may be called a.b
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        **more.pop("dashGridOptions", {}),
    }
    if more.pop("readable", rows is not None):
        defaults = _DEFAULTS | _READABLE
        options["enableBrowserTooltips"] = True
    if rows is not None:
        more["rowData"] = [dict(row) for row in rows]
    grid = dag.AgGrid(
        id=name,
        columnDefs=[dict(column) for column in columns],
        defaultColDef=defaults,
        dashGridOptions=options,
        dangerously_allow_code=False,
        className=more.pop("className", "grid"),
        style={"height": "var(--grid-height)"},
        **more,
    )
    return html.Div(grid, role="region", **{"aria-label": label})


def value_column(field: str, header: str, values: Iterable[Any], **more: Any) -> dict[str, Any]:
    """A column of logged values: with a filter for numbers if they are all numbers, for text otherwise."""
    numbers = all(value is None or is_number(value) for value in values)
    kind = {"filter": "agNumberColumnFilter"} if numbers else {"filter": "agTextColumnFilter"}
    return {"field": field, "headerName": header, "headerTooltip": header, **kind, **more}


def number_column(field: str, header: str, **more: Any) -> dict[str, Any]:
    """A column of numbers."""
    return {"field": field, "headerName": header, **_NUMERIC, **more}


def time_column(field: str, header: str, **more: Any) -> dict[str, Any]:
    """A column of times, which ``times.put_time`` gives to its rows."""
    day = {"filter": "agDateColumnFilter", "filterValueGetter": {"function": "day(params)"}}
    return {"field": field, "headerName": header, "width": 165, **day, **more}


def put_size(row: Document, field: str, size: int | None) -> None:
    """Give a grid's row a number of bytes, for a ``number_column``."""
    row[field] = size
    if size is not None:
        row.setdefault("shown", {})[field] = size_text(size)
        row.setdefault("exact", {})[field] = f"{size:,} bytes"


def size_text(size: int) -> str:
    """A number of bytes as a reader likes it."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def link_column(field: str, header: str, href: str = "href", **more: Any) -> dict[str, Any]:
    """A column whose cells lead to the address in the row's field ``href``."""
    return {
        "field": field,
        "headerName": header,
        "cellRenderer": "Link",
        "cellRendererParams": {"href": href},
        **more,
    }
