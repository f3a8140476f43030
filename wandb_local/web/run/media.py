"""Media values as a run logs them, and how each kind is shown."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.records import files
from wandb_local.records.history import lookup, parse_row
from wandb_local.records.lines import last_with
from wandb_local.store.database import Row
from wandb_local.web.charts.figure import GRAPH
from wandb_local.web.cloud.place import object_3d
from wandb_local.web.documents import is_media, is_number, logged_kinds
from wandb_local.web.media import run_file_url
from wandb_local.web.run.histograms import histogram
from wandb_local.web.run.overlays import with_overlays
from wandb_local.web.table.logged import TABLE_TYPES

Params = Mapping[str, str]
_NO_MEDIA = {"number", "string", "boolean", "list", "nil", "map", *TABLE_TYPES}
_MOVING_PICTURE = (".gif",)
_LARGEST_FIGURE = 5 << 20  # bytes of JSON
_MAX_ITEMS = 100  # of one key at one step


def media_keys(context: Context, run: Row) -> list[str]:
    """The keys under which a run has logged media, or lists that end with media."""
    kinds = logged_kinds(run)
    found = {name for name, known in kinds.items() if not _NO_MEDIA.issuperset(known)}
    summary = jsons.flatten(json.loads(run["summary"]))
    lists = {name for name, known in kinds.items() if "list" in known} | summary.keys()
    last = {name: summary[name] if name in summary else _last(context, run, name) for name in lists - found}
    return sorted(found | {name for name, value in last.items() if isinstance(value, list) and items(value)})


def _last(context: Context, run: Row, key: str) -> Any:
    """The value of the last row for a key that the summary lacks, because ``define_metric`` may summarise its parts."""
    row = next(last_with(context.db, run["id"], key), None)
    return lookup(parse_row(row["line"]), key) if row else None


def items(value: Any) -> list[dict[str, Any]]:
    """The single media in a logged value, which may hold many of them, each with ``_type``."""
    return list(_items(value))[:_MAX_ITEMS]


def _items(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):  # of figures, say, which the client does not gather
        yield from filter(is_media, value)
    if not isinstance(value, dict):
        return
    several = [many for many in value.values() if isinstance(many, list) and many and is_media(many[0])]
    if several and "path" not in value:
        captions = value.get("captions")
        for place, item in enumerate(several[0]):
            yield {**item, "caption": captions[place]} if isinstance(captions, list) and captions[place:] else item
    elif isinstance(value.get("filenames"), list):
        yield from _named(value, value["filenames"])
    else:
        yield value


def _named(value: Mapping[str, Any], paths: list[Any]) -> Iterator[dict[str, Any]]:
    """Media for which the client gives only paths: ``images/separated``, ``molecule``."""
    kind = str(value.get("_type"))
    kind = "image-file" if kind.startswith("image") else f"{kind}-file"
    rest = {"captions": "caption", "all_masks": "masks", "all_boxes": "boxes"}
    for place, path in enumerate(paths):
        own = {one: value[many][place] for many, one in rest.items() if _has(value.get(many), place)}
        yield {"_type": kind, "path": path, **own}


def _has(many: Any, place: int) -> bool:
    return isinstance(many, list) and len(many) > place and bool(many[place])


def show_item(context: Context, run: Row, params: Params, item: Mapping[str, Any], key: str) -> Component:
    """One medium, by its kind; what a browser cannot show is a link to the file."""
    kind, path = str(item.get("_type")), item.get("path")
    if kind == "histogram":
        return _histogram(item)
    if not isinstance(path, str):
        return html.Pre(jsons.dumps(item)[:2000])
    md5 = files.of_run(context.db, run["id"]).digest(path)
    if md5 is None:
        return html.P(f"{path} has not been uploaded yet.", className="soft")
    url = run_file_url(params["entity"], params["project"], run["name"], path)
    caption = str(item.get("caption") or "")
    if kind == "image-file" or path.endswith(_MOVING_PICTURE):
        picture = html.A(html.Img(src=url, alt=caption or key, className="logged"), href=url, target="_blank")
        shown: Component = with_overlays(context, picture, run, params, item, key)
    elif kind == "html-file":
        shown = html.Iframe(src=url, sandbox="allow-scripts", title=caption or key, className="logged")
    elif kind == "audio-file":
        shown = html.Audio(src=url, controls=True, className="logged", **{"aria-label": caption or key})
    elif kind == "video-file":
        shown = html.Video(src=url, controls=True, className="logged", **{"aria-label": caption or key})
    elif kind == "plotly-file":
        shown = _plotly(context, md5)
    elif kind == "object3D-file":
        shown = object_3d(path, url, caption or key)
    else:
        shown = html.A(path.rpartition("/")[2], href=f"{url}?download")
    return html.Figure([shown, html.Figcaption(caption)] if caption else shown, className="medium")


def _plotly(context: Context, md5: str) -> Component:
    path = context.blobs.path(md5)
    try:
        figure = jsons.loads(path.read_bytes()) if path.stat().st_size <= _LARGEST_FIGURE else None
    except (OSError, ValueError, RecursionError):
        figure = None
    if not isinstance(figure, dict):
        return html.P("This figure is damaged or too large to show.", className="soft")
    layout = figure.get("layout") if isinstance(figure.get("layout"), dict) else {}
    return _graph(*_fitted({"data": figure.get("data", []), "layout": layout}), "as-logged")


def _fitted(figure: dict[str, Any]) -> tuple[dict[str, Any], float | None]:
    """A figure that fills its card instead of the size it was made with, and how wide that is by its height."""
    layout = {name: value for name, value in figure["layout"].items() if name not in ("width", "height")}
    width, height = (figure["layout"].get(name) for name in ("width", "height"))
    ratio = width / height if is_number(width) and is_number(height) and width > 0 and height > 0 else None
    return {**figure, "layout": {**layout, "autosize": True}}, ratio


def _histogram(item: Mapping[str, Any]) -> Component:
    figure, said = histogram(item)
    if figure is None:
        return html.P(said, className="soft")
    return html.Figure([_graph(figure), html.Figcaption(said)], className="medium") if said else _graph(figure)


def _graph(figure: dict[str, Any], ratio: float | None = None, kind: str = "") -> Component:
    """A figure in a card: 300 pixels high, or higher where one of that ``ratio`` is as wide as the card."""
    margin = {"l": 48, "r": 12, "t": 40 if figure["layout"].get("title") else 12, "b": 36}
    figure = {**figure, "layout": {"margin": margin, **figure["layout"]}}
    shape = {"minHeight": "300px", "maxHeight": "80vh", "aspectRatio": f"{ratio:.4f}"} if ratio else {"height": "300px"}
    graph = dcc.Graph(figure=figure, config=GRAPH, style={"width": "100%", **shape})
    return html.Div(graph, className=f"medium {kind}".strip())
