"""The controls of the table page: filter, columns, overlays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wandb_local.web.table.cells import Label, OverlaySet, Table
from wandb_local.web.table.tokens import FilterError, spelled
from wandb_local.web.table.view import View

_HELP = (
    ("dice/Car < 0.3 and flagged", "compare a column with a value; a column of true and false needs no comparison"),
    ("not (name contains 'night' or score is null)", "put text in quotes; null is a missing value or NaN"),
    (
        "kind in ('a', 'b') and `odd column` != 3",
        "put a column in backticks if its name has blanks, or is a keyword or a number",
    ),
    (
        "has(truth, person) and pixels(prediction, person) < 50",
        "classes in masks or boxes, and the number of their pixels in masks",
    ),
)


def filter_bar(view: View, table: Table, hidden: Sequence[str], problem: str) -> Component:
    """The filter with its count and its problem, and the menus."""
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
            html.Span("Searching the rows…", id="table-busy", role="status", hidden=True),
            menu("Has class", _has_class(table.sets)) if table.sets else None,
            menu("Columns", _columns_menu(table, hidden)),
            button("csv", "CSV", "Download the filtered rows"),
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
    if not numbers:
        return "for example: name contains 'a'"
    return f"for example: {spelled(numbers[0], [column.name for column in table.columns])} < 0.3"


def menu(title: str, content: Sequence[Component]) -> Component:
    """Controls that unfold under their title."""
    return html.Details([html.Summary(title), html.Div(list(content), className="card")], className="table-menu")


def choice(name: str, label: str, options: Sequence[Any], value: Any) -> Component:
    """A drop-down list with the id ``table-<name>`` and its label."""
    dropdown = dcc.Dropdown(options, value, id=f"table-{name}", clearable=False)
    return html.Div([html.Label(label, htmlFor=f"table-{name}"), dropdown], className="control")


def _has_class(sets: Sequence[OverlaySet]) -> list[Component]:
    labels = [label.name for label in all_labels(sets)]
    return [
        choice("has-class", "Class", labels, labels[0] if labels else None),
        choice("has-set", "in", [each.name for each in sets], sets[0].name),
        html.Div(
            [
                html.Button("Has it", id="table-has", n_clicks=0),
                html.Button("Does not have it", id="table-has-not", n_clicks=0, className="quiet"),
            ],
            className="table-buttons",
        ),
    ]


def _columns_menu(table: Table, hidden: Sequence[str]) -> list[Component]:
    names = [column.name for column in table.columns]
    return [
        html.Div(
            [
                button("columns-all", "All"),
                button("columns-none", "None"),
            ],
            className="table-buttons",
        ),
        dcc.Checklist(
            names, [name for name in names if name not in hidden], id="table-columns", className="table-list"
        ),
    ]


def overlays(sets: Sequence[OverlaySet], labels: Sequence[Label], shown: Sequence[str], view: View) -> Component:
    """Switches for overlay sets and classes, opacity, and the choice of colours."""
    classes = [
        {"label": html.Span([*_swatches(label), label.name], className="table-class"), "value": label.name}
        for label in labels
    ]
    on = [label.name for label in labels if view.shows(label.name)]
    return html.Aside(
        [
            html.H2(_kinds(sets)),
            dcc.Checklist([each.name for each in sets], list(shown), id="table-sets", className="table-list"),
            html.Label("Opacity", htmlFor="table-opacity"),
            dcc.Input(id="table-opacity", type="range", min=0, max=100, step=1, value=view.opacity),
            html.H2("Classes"),
            html.Div(
                [
                    button("classes-all", "All"),
                    button("classes-none", "None"),
                ],
                className="table-buttons",
            ),
            dcc.Checklist(classes, on, id="table-classes", className="table-list"),
            html.P("Double-click to show only this class", className="table-hint"),
            dcc.Checklist(
                [{"label": "Distinct colours", "value": "distinct"}],
                ["distinct"] if view.distinct else [],
                id="table-colors",
                className="table-list" if any(label.color != label.distinct for label in labels) else "table-unused",
            ),
        ],
        className="card table-overlays",
        **called("Overlays"),
    )


def _kinds(sets: Sequence[OverlaySet]) -> str:
    masks, boxes = any(each.labels for each in sets), any(each.boxes for each in sets)
    return "Masks and boxes" if masks and boxes else "Boxes" if boxes else "Masks"


def _swatches(label: Label) -> list[Component]:
    """The class's colour; which one is seen depends on the choice of colours."""
    colors = {"table-logged": label.color, "table-distinct": label.distinct}
    return [html.Span(className=f"table-swatch {name}", style={"background": color}) for name, color in colors.items()]


def all_labels(sets: Sequence[OverlaySet]) -> list[Label]:
    """The classes of all sets, each once, in the order of their values."""
    return list({label.name: label for each in sets for label in each.classes}.values())


def button(name: str, text: str, title: str = "") -> Component:
    """A button with the id ``table-<name>``."""
    return html.Button(text, id=f"table-{name}", className="quiet", title=title, n_clicks=0)


def called(text: str) -> Any:
    """The name of an element for screen readers."""
    return {"aria-label": text}
