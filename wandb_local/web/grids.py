"""AG Grid with the settings that all pages share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
from dash import html
from dash.development.base_component import Component

from wandb_local.web.documents import is_number

# a column may hold values of several types, so that the grid must not guess one
_DEFAULTS = {"sortable": True, "filter": True, "resizable": True, "minWidth": 90, "cellDataType": False}


def make_grid(
    name: str, label: str, columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]] | None, **more: Any
) -> Component:
    """A grid with the id ``name``; ``label`` is what a screen reader calls it; ``more`` goes to AgGrid. Without
    ``rows`` the grid asks for them (``rowModelType="infinite"``).

    Cells show what was logged as text: nothing in a grid is ever read as HTML or code.
    """
    options = {
        "animateRows": False,
        "suppressFieldDotNotation": True,  # a metric may be called a.b
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        **more.pop("dashGridOptions", {}),
    }
    if rows is not None:
        more["rowData"] = [dict(row) for row in rows]
    grid = dag.AgGrid(
        id=name,
        columnDefs=[dict(column) for column in columns],
        defaultColDef=_DEFAULTS,
        dashGridOptions=options,
        dangerously_allow_code=False,
        className=more.pop("className", "grid"),
        style={"height": "var(--grid-height)"},
        **more,
    )
    return html.Div(grid, role="region", **{"aria-label": label})


def value_column(field: str, header: str, values: Iterable[Any], **more: Any) -> dict[str, Any]:
    """A column of logged values: with a filter for numbers if they are all numbers, for text otherwise. What a row's
    dictionary ``shown`` has for the field is shown in place of the value."""
    numbers = all(value is None or is_number(value) for value in values)
    kind = {"filter": "agNumberColumnFilter"} if numbers else {"filter": "agTextColumnFilter"}
    shown = {"function": "params.data.shown[params.colDef.field] || params.value"}
    order = {"function": "missingLast"}
    names = {"field": field, "headerName": header, "headerTooltip": header}
    return {**names, "valueFormatter": shown, "comparator": order, **kind, **more}


def link_column(field: str, header: str, href: str = "href", **more: Any) -> dict[str, Any]:
    """A column whose cells lead to the address in the row's field ``href``."""
    return {
        "field": field,
        "headerName": header,
        "cellRenderer": "Link",
        "cellRendererParams": {"href": href},
        **more,
    }
