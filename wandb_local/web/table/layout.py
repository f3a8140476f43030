"""What the table page shows: filter, columns, overlays, grid, and one row large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.web.grids import make_grid
from wandb_local.web.table.browser import column_width, sets_for_browser
from wandb_local.web.table.cells import Label, MaskSet, Table
from wandb_local.web.table.tables import Opened, Source
from wandb_local.web.table.tokens import FilterError
from wandb_local.web.table.view import View

BLOCK = 100  # rows that the grid asks for at once
_HELP = (
    ("dice/Car < 0.3 and flagged", "compare a column; a true-or-false column stands alone"),
    ("not (name contains 'night' or score is null)", "text in quotes; null is a missing value or NaN"),
    ("kind in ('a', 'b') and `odd column` != 3", "a column in backticks when its name is a word or a number"),
    ("has(truth, person) and pixels(prediction, person) < 50", "classes in a mask set, and their pixels"),
)


def table_layout(
    source: Source, opened: Opened, view: View, title: Component, choices: Sequence[Component]
) -> Component:
    """The page of a table; ``choices`` are the controls that lead to another table."""
    table = opened.table
    try:
        opened.order(view.filter, [])
        applied, problem = view.filter, ""
    except FilterError as error:
        applied, problem = "", explained(view.filter, error)
    hidden = default_hidden(source, table) if view.hide is None else view.hide
    sets = [each.name for each in table.sets if view.sets is None or each.name in view.sets]
    labels = all_labels(table.sets)
    stored = {
        "sets": sets_for_browser(table.sets),
        "columns": [column.name for column in table.columns],
        "hidden": default_hidden(source, table),
        "sort": default_sort(source, table),
    }
    return html.Div(
        [
            dcc.Store(id="table-source", data=asdict(source)),
            dcc.Store(id="table-about", data=stored),
            dcc.Store(id="table-applied", data=applied),
            dcc.Store(id="table-sort", data=list(default_sort(source, table) if view.sort is None else view.sort)),
            dcc.Store(id="table-required"),  # a filter that a button has written
            dcc.Store(id="table-row", data=view.row),
            dcc.Store(id="table-record"),
            dcc.Download(id="table-download"),
            html.Div([title, *choices], className="table-head"),
            html.Div([html.P(fault) for fault in table.faults], className="table-faults"),
            _filter_bar(view, table, hidden, problem),
            html.Div(
                [
                    _overlays(table.sets, labels, sets, view),
                    html.Div([_grid(source, table, view, hidden), _large()], className="table-stage"),
                ],
                className="table-body" if table.sets else "table-body table-bare",
            ),
        ],
        id="table-page",
    )


def default_hidden(source: Source, table: Table) -> list[str]:
    """A comparison begins with the differences alone."""
    names = [column.name for column in table.columns if column.kind != "image"]
    return [name for name in names if source.other and name.endswith((" (A)", " (B)"))]


def default_sort(source: Source, table: Table) -> list[str]:
    """A comparison begins where B lost most."""
    differences = [column.name for column in table.columns if column.name.endswith(" (B-A)")]
    return differences[:1] if source.other else []


def all_labels(sets: Sequence[MaskSet]) -> list[Label]:
    """The classes of all sets, each once, in the order of their values."""
    return list({label.name: label for each in sets for label in each.labels.values()}.values())


def _filter_bar(view: View, table: Table, hidden: Sequence[str], problem: str) -> Component:
    examples = [html.Li([html.Code(example), html.Span(meaning)]) for example, meaning in _HELP]
    return html.Div(
        [
            html.Label("Filter", htmlFor="table-filter"),
            dcc.Input(
                id="table-filter",
                type="text",
                value=view.filter,
                spellCheck=False,
                autoComplete="off",
                placeholder=_example(table),
            ),
            html.Span(id="table-count", role="status"),
            menu("Has class", _has_class(table.sets)) if table.sets else None,
            menu("Columns", _columns_menu(table, hidden)),
            _button("csv", "CSV", "Download the filtered rows"),
            menu("Help", [html.Ul(examples)]),
            html.Pre(problem, id="table-problem", role="alert", className="problem"),
        ],
        className="table-filter",
    )


def explained(expression: str, error: FilterError) -> str:
    """The expression with a mark below the character that is wrong, and what was expected there."""
    line = expression.replace("\n", " ")
    start = max(0, error.position - 60)
    return f"{line[start : error.position + 40]}\n{' ' * (error.position - start)}^ {error}"


def _example(table: Table) -> str:
    numbers = [column.name for column in table.columns if column.kind == "number"]
    return f"for example: {numbers[0]} < 0.3" if numbers else "an expression, for example: name contains 'a'"


def menu(title: str, content: Sequence[Component]) -> Component:
    """Controls that unfold under their title."""
    return html.Details([html.Summary(title), html.Div(list(content), className="card")], className="table-menu")


def _has_class(sets: Sequence[MaskSet]) -> list[Component]:
    labels = [label.name for label in all_labels(sets)]
    return [
        choice("has-class", "Class", labels, labels[0] if labels else None),
        choice("has-set", "in mask set", [each.name for each in sets], sets[0].name),
        html.Div(
            [
                html.Button("Has it", id="table-has", n_clicks=0),
                html.Button("Has it not", id="table-has-not", n_clicks=0, className="quiet"),
            ],
            className="table-buttons",
        ),
    ]


def choice(name: str, label: str, options: Sequence[Any], value: Any) -> Component:
    """A drop-down list with the id ``table-<name>`` and its label."""
    dropdown = dcc.Dropdown(options, value, id=f"table-{name}", clearable=False)
    return html.Div([html.Label(label, htmlFor=f"table-{name}"), dropdown], className="control")


def _columns_menu(table: Table, hidden: Sequence[str]) -> list[Component]:
    names = [column.name for column in table.columns]
    return [
        html.Div(
            [
                _button("columns-all", "All"),
                _button("columns-none", "None"),
            ],
            className="table-buttons",
        ),
        dcc.Checklist(
            names, [name for name in names if name not in hidden], id="table-columns", className="table-list"
        ),
    ]


def _overlays(sets: Sequence[MaskSet], labels: Sequence[Label], shown: Sequence[str], view: View) -> Component:
    classes = [
        {"label": html.Span([*_swatches(label), label.name], className="table-class"), "value": label.name}
        for label in labels
    ]
    on = [label.name for label in labels if view.shows(label.name)]
    return html.Aside(
        [
            html.H2("Masks"),
            dcc.Checklist([each.name for each in sets], list(shown), id="table-sets", className="table-list"),
            html.Label("Opacity", htmlFor="table-opacity"),
            dcc.Input(id="table-opacity", type="range", min=0, max=100, step=1, value=view.opacity),
            html.H2("Classes"),
            html.Div(
                [
                    _button("classes-all", "All"),
                    _button("classes-none", "None"),
                ],
                className="table-buttons",
            ),
            dcc.Checklist(classes, on, id="table-classes", className="table-list"),
            html.P("Double click: this class alone", className="table-hint"),
            dcc.Checklist(
                [{"label": "Distinct colours", "value": "distinct"}],
                ["distinct"] if view.distinct else [],
                id="table-colors",
                className="table-list" if any(label.color != label.distinct for label in labels) else "table-unused",
            ),
        ],
        className="card table-overlays",
        **_called("Overlays"),
    )


def _swatches(label: Label) -> list[Component]:
    """The class's colour; which one is seen depends on the choice of colours."""
    colors = {"table-logged": label.color, "table-distinct": label.distinct}
    return [html.Span(className=f"table-swatch {name}", style={"background": color}) for name, color in colors.items()]


def _grid(source: Source, table: Table, view: View, hidden: Sequence[str]) -> Component:
    sort = default_sort(source, table) if view.sort is None else view.sort
    directions = {name.removeprefix("-") if name not in _names(table) else name: name for name in sort}
    has_images = any(column.kind == "image" for column in table.columns)
    columns: list[dict[str, Any]] = [
        {"colId": "open", "headerName": "#", "cellRenderer": "TableOpen", "width": 68, "pinned": "left"}
        | {"sortable": False, "filter": False, "minWidth": 60}
    ]
    for place, column in enumerate(table.columns):
        given = directions.get(column.name)
        columns.append(
            {
                "field": f"c{place}",
                "headerName": column.name,
                "headerTooltip": column.name,
                "cellRenderer": "TableCell",
                "cellClass": f"table-cell table-{column.kind}",
                "wrapHeaderText": True,
                "autoHeaderHeight": True,
                "width": column_width(column, len(table.sets)),
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


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns}


def _large() -> Component:
    return html.Section(
        [
            html.Div(
                [
                    _button("close", "Table", "Back to the table (Escape)"),
                    _button("previous", "‹ Previous", "Previous row (left arrow)"),
                    _button("next", "Next ›", "Next row (right arrow)"),
                    html.Span(id="table-position", role="status"),
                    _button("fit", "Fit", "The whole picture (0); the wheel, + and - zoom"),
                    html.Span(id="table-readout", className="table-readout"),
                ],
                className="table-toolbar",
            ),
            html.Div(
                [html.Div(id="table-panes"), html.Dl(id="table-fields", tabIndex=0, **_called("Cells of the row"))],
                className="table-one",
            ),
        ],
        id="table-large",
        hidden=True,
        tabIndex=-1,
        **_called("One row"),
    )


def _button(name: str, text: str, title: str = "") -> Component:
    return html.Button(text, id=f"table-{name}", className="quiet", title=title, n_clicks=0)


def _called(text: str) -> Any:
    """What a screen reader calls an element."""
    return {"aria-label": text}
