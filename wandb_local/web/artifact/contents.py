"""The files of a version, and what differs from another version."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.web.artifact.difference import Change, compare, compare_files, counted
from wandb_local.web.artifact.read import MOST_FILES, Version, files
from wandb_local.web.documents import cell
from wandb_local.web.grids import link_column, make_grid, number_column, put_size, size_text
from wandb_local.web.media import artifact_file_url
from wandb_local.web.table.artifact_page import table_address

_TABLES = (".table.json", ".partitioned-table.json", ".joined-table.json")
_STILL = {"sortable": False, "resizable": False}


def show_files(context: Context, version: Version) -> Component:
    """A grid of files: a name opens the file in a new tab, a table opens as a page too."""
    rows = [_file(version, row) for row in files(context, version)]
    columns: list[dict[str, Any]] = [
        {"field": "path", "headerName": "File", "cellRenderer": "File", "flex": 1, "minWidth": 300},
        number_column("size", "Size", width=130),
        {"field": "download", "headerName": "", "cellRenderer": "Download", "width": 120, "filter": False, **_STILL},
        link_column("table", "As a table", href="table_href", width=130),
        {"field": "content", "headerName": "Digest (MD5) or address", "flex": 1, "minWidth": 260},
    ]
    note = f"The first {MOST_FILES} of {version.row['file_count']} files." if len(rows) == MOST_FILES else ""
    if not rows:
        return html.P("This version has no files.", className="soft")
    return html.Div(
        [html.P(note, className="soft") if note else None, make_grid("artifact-files", "Files", columns, rows)]
    )


def _file(version: Version, row: Row) -> dict[str, Any]:
    place = (version.collection.entity, version.collection.project, version.collection.name, f"v{version.number}")
    table = row["md5"] is not None and row["path"].endswith(_TABLES)
    url = None if row["md5"] is None else artifact_file_url(*place, row["path"])
    shown = {
        "path": row["path"],
        "href": url,
        "download": url and f"{url}?download",
        "table": "open" if table else None,
        "table_href": table_address(*place, row["path"]) if table else None,
        "content": row["ref"] or row["md5"],
    }
    put_size(shown, "size", row["size"])
    return shown


def show_comparison(context: Context, before: Version, after: Version) -> Component:
    """What changed from one version to the other: files and metadata."""
    kinds, changed = compare_files(context, before.row["id"], after.row["id"])
    metadata = compare(before.metadata, after.metadata)
    keys = counted(Counter(change.kind for change in metadata), len(after.metadata))
    sizes = f"{size_text(before.row['size'])} to {size_text(after.row['size'])}"
    names = (f"v{before.number}", f"v{after.number}")
    note = f"The first {len(changed)} of these changes." if len(changed) < kinds.total() else ""
    return html.Div(
        [
            html.H2(f"Files: {counted(kinds, after.row['file_count'])}; {sizes}"),
            html.P(note, className="soft") if note else None,
            _grid("artifact-changed-files", "File", changed, names, "bytes"),
            html.H2(f"Metadata: {keys}"),
            _grid("artifact-changed-metadata", "Key", metadata, names, ""),
        ],
        className="artifact-comparison",
    )


def _grid(name: str, title: str, changes: Sequence[Change], names: tuple[str, str], unit: str) -> Component:
    if not changes:
        return html.P("No difference.", className="soft")
    rows = [
        {"kind": change.kind, "name": change.name, "before": cell(change.before), "after": cell(change.after)}
        for change in changes
    ]
    columns = [
        {"field": "kind", "headerName": "Change", "cellRenderer": "Change", "width": 120},
        {"field": "name", "headerName": title, "flex": 2, "minWidth": 260},
        {"field": "before", "headerName": f"{names[0]} {unit}".strip(), "flex": 1, "minWidth": 140},
        {"field": "after", "headerName": f"{names[1]} {unit}".strip(), "flex": 1, "minWidth": 140},
    ]
    short = len(rows) <= 15
    options = {"domLayout": "autoHeight"} if short else {}
    look = "grid short" if short else "grid artifact-changes"
    return make_grid(name, f"{title}s that differ", columns, rows, className=look, dashGridOptions=options)
