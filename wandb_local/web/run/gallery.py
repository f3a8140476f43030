"""The media of a run, each key with a slider over the steps at which it was logged."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash
from dash import ALL, MATCH, ClientsideFunction, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.history import lookup, parse_row
from wandb_local.records.lines import history_row, numbers_with
from wandb_local.records.projects import need_run
from wandb_local.store.database import Row
from wandb_local.web.controls import labelled
from wandb_local.web.run.media import items, media_keys, show_item
from wandb_local.web.run.overlays import overlay_names

_CHOSEN = 12  # keys that are shown until a visitor chooses


def show(context: Context, run: Row, _params: Mapping[str, str]) -> Component:
    """A choice of keys, masks and boxes, and a card for each key."""
    keys = media_keys(context, run)
    last = [item for key in keys for item in _logged(context, run, key, -1)[1]]
    masks, boxes = overlay_names(last, "masks"), overlay_names(last, "boxes")
    return html.Div(
        [
            html.Div(
                [
                    labelled(
                        "Media",
                        dcc.Dropdown(id="gallery-keys", options=keys, value=keys[:_CHOSEN], multi=True),
                        "wide",
                    ),
                    labelled(
                        "Masks",
                        dcc.Dropdown(id="gallery-mask", options=masks, value=masks[0] if masks else None),
                        "" if masks else "hidden",
                    ),
                    labelled(
                        "Opacity",
                        dcc.Slider(0, 100, id="gallery-opacity", value=60, marks=None, updatemode="drag"),
                        "slider" if masks else "hidden",
                    ),
                    labelled(
                        "Boxes",
                        dcc.Dropdown(id="gallery-boxes", options=boxes, value=boxes, multi=True),
                        "" if boxes else "hidden",
                    ),
                ],
                className="controls card",
            ),
            dcc.Store(id="gallery-painted"),
            html.P(id="gallery-note", className="soft note", role="status"),
            html.Div(id="gallery-cards", className="gallery"),
        ]
    )


def register(app: dash.Dash, context: Context) -> None:
    """Add the callbacks."""

    @app.callback(
        Output("gallery-cards", "children"),
        Input("gallery-keys", "value"),
        State("run-page", "data"),
    )
    def cards(keys: list[str] | None, page: dict[str, str]) -> Any:
        run = need_run(context, page["entity"], page["project"], page["run"])
        known = media_keys(context, run)
        shown = [_card(context, run, key) for key in keys or [] if key in known]
        return shown or html.P("No media have been logged." if not known else "Choose media above.", className="soft")

    app.clientside_callback(
        ClientsideFunction("gallery", "left"),
        Output("gallery-note", "children"),
        Input("gallery-keys", "value"),
        Input("gallery-keys", "options"),
    )
    app.clientside_callback(
        ClientsideFunction("gallery", "paint"),
        Output("gallery-painted", "data"),
        Input({"type": "gallery-view", "key": ALL}, "children"),
        Input("gallery-mask", "value"),
        Input("gallery-opacity", "value"),
        Input("gallery-boxes", "value"),
    )

    @app.callback(
        Output({"type": "gallery-view", "key": MATCH}, "children"),
        Output({"type": "gallery-place", "key": MATCH}, "children"),
        Input({"type": "gallery-slider", "key": MATCH}, "value"),
        State({"type": "gallery-slider", "key": MATCH}, "id"),
        State("run-page", "data"),
    )
    def view(place: int | None, name: dict[str, str], page: dict[str, str]) -> Any:
        run = need_run(context, page["entity"], page["project"], page["run"])
        where, found = _logged(context, run, name["key"], int(place or 0))
        return [show_item(context, run, page, item, name["key"]) for item in found], where

    _register_following(app, context)


def _register_following(app: dash.Dash, context: Context) -> None:
    @app.callback(
        Output("gallery-keys", "options"),
        Output({"type": "gallery-slider", "key": ALL}, "max"),
        Output({"type": "gallery-slider", "key": ALL}, "value"),
        Output({"type": "gallery-slider", "key": ALL}, "disabled"),
        Input("run-tick", "n_intervals"),
        State({"type": "gallery-slider", "key": ALL}, "id"),
        State({"type": "gallery-slider", "key": ALL}, "max"),
        State({"type": "gallery-slider", "key": ALL}, "value"),
        State("run-page", "data"),
        prevent_initial_call=True,
    )
    def follow(_: Any, names: Any, ends: Sequence[int], values: Sequence[int], page: dict[str, str]) -> Any:
        """New steps lengthen the sliders; a slider at the end moves to the new end."""
        run = need_run(context, page["entity"], page["project"], page["run"])
        new = [max(len(logged_at(context, run, name["key"])) - 1, 0) for name in names]
        moved = [now if value == end != now else no_update for now, end, value in zip(new, ends, values, strict=True)]
        return media_keys(context, run), new, moved, [end == 0 for end in new]


def logged_at(context: Context, run: Row, key: str) -> list[int]:
    """The numbers of the history rows that hold media under a key, in order."""
    numbers = numbers_with(context.db, run["id"], key)
    return [number for number in numbers if _items_of(history_row(context.db, run["id"], number), key)]


def _items_of(row: Row, key: str) -> list[dict[str, Any]]:
    return items(lookup(parse_row(row["line"]), key))


def _logged(context: Context, run: Row, key: str, place: int) -> tuple[str, list[dict[str, Any]]]:
    """The logged value of a key at one of its steps (-1: the last), with a text for the place of this step."""
    numbers = logged_at(context, run, key)
    if not numbers:
        return "this step no longer exists", []
    place = len(numbers) - 1 if place < 0 else min(place, len(numbers) - 1)
    row = history_row(context.db, run["id"], numbers[place])
    return f"step {row['step']} ({place + 1} of {len(numbers)})", _items_of(row, key)


def _card(context: Context, run: Row, key: str) -> Component:
    last = max(len(logged_at(context, run, key)) - 1, 0)
    slider = dcc.Slider(
        0,
        last,
        1,
        id={"type": "gallery-slider", "key": key},
        value=last,
        marks=None,
        disabled=last == 0,
        allow_direct_input=False,
    )
    return html.Section(
        [
            html.H2(key),
            html.Div(slider, role="group", **{"aria-label": f"Step of {key}"}),
            html.Div(id={"type": "gallery-place", "key": key}, className="soft", **{"aria-live": "polite"}),
            html.Div(id={"type": "gallery-view", "key": key}, className="media"),
        ],
        className="card",
    )
