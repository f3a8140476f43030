"""The files of a version, and what differs from another version."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from wandb_local.context import Context
from wandb_local.records.files import files_of_version
from wandb_local.store.database import Row
from wandb_local.web.artifact.difference import Change, compare, compare_files, counted
from wandb_local.web.artifact.read import WRAPPED, Version, artifact_address
from wandb_local.web.documents import cell
from wandb_local.web.grids import link_column, make_grid, number_column, put_size, size_text
from wandb_local.web.media import artifact_file_url
from wandb_local.web.table.artifact_page import table_address
from wandb_local.web.table.cells import File
from wandb_local.web.table.files import ArtifactFiles, Files, follow

_ELSEWHERE = re.compile(r"(wandb-(?:client-)?artifact://[^/]+)/(.+)", re.DOTALL)
_TABLES = (".table.json", ".partitioned-table.json", ".joined-table.json")
_MOST_FILES = 20_000
Held = dict[str, tuple[File, int] | None]
_STILL = {"sortable": False, "resizable": False}


def show_files(context: Context, version: Version) -> Component:
    """A grid of files: a name opens the file in a new tab, a table opens as a page too."""
    found = files_of_version(version.row["id"]).rows(context.db, _MOST_FILES)
    held = held_elsewhere(context, found)
    rows = [_file(version, row, held) for row in found]
    columns: list[dict[str, Any]] = [
        {"field": "path", "headerName": "File", "cellRenderer": "File", "flex": 1, "minWidth": 260, **WRAPPED},
        number_column("size", "Size", width=130),
        {"field": "download", "headerName": "", "cellRenderer": "Download", "width": 120, "filter": False, **_STILL},
        link_column("table", "As a table", href="table_href", width=130),
        link_column("content", "Digest (MD5) or address", href="content_href", flex=1, minWidth=260, **WRAPPED),
    ]
    note = (
        f"The first {_MOST_FILES} of {version.row['file_count']} files are shown." if len(rows) == _MOST_FILES else ""
    )
    if not rows:
        return html.P("This version has no files.", className="soft")
    return html.Div(
        [html.P(note, className="soft") if note else None, make_grid("artifact-files", "Files", columns, rows)]
    )


def held_elsewhere(context: Context, rows: Iterable[Row]) -> Held:
    """By path, the files that a version holds by reference to another artifact, with their sizes in bytes; None for
    what is not stored here."""
    folders: dict[str, Files | None] = {}
    held: Held = {}
    for row in rows:
        match = _ELSEWHERE.fullmatch(row["ref"] or "")
        if match is None:
            continue
        if match[1] not in folders:
            target = follow(context, row["ref"])
            folders[match[1]] = target[0] if target else None
        folder = folders[match[1]]
        file = folder.find(match[2]) if folder else None
        held[row["path"]] = None if file is None else (file, context.blobs.path(file.md5).stat().st_size)
    return held


def _file(version: Version, row: Row, held: Held) -> dict[str, Any]:
    place = (version.collection.entity, version.collection.project, version.collection.name, f"v{version.number}")
    other, size = held.get(row["path"]) or (None, row["size"] or None if row["md5"] is None else row["size"])
    stored = row["md5"] is not None or other is not None
    table = stored and row["path"].endswith(_TABLES)
    url = other.url if other else artifact_file_url(*place, row["path"]) if stored else None
    shown = {
        "path": row["path"],
        "href": url,
        "download": url and f"{url}?download",
        "table": "open" if table else None,
        "table_href": table_address(*place, row["path"]) if table else None,
        **_content(row, other, row["path"] in held),
    }
    put_size(shown, "size", size)
    return shown


def _content(row: Row, other: File | None, elsewhere: bool) -> dict[str, Any]:
    """The digest of a stored file, or the address of a reference; a reference of unknown size has no digest."""
    if other is not None and isinstance(other.folder, ArtifactFiles):
        entity, project, name, version = other.folder.place
        href = artifact_address(entity, project, other.folder.type, name, version, "files")
        return {"content": f"by reference: {other.path} in {name}:{version}", "content_href": href}
    if elsewhere:
        return {"content": f"by reference to an artifact that this server does not have: {row['ref']}"}
    return {"content": row["ref"] or row["md5"]}


def show_comparison(context: Context, one: Version, other: Version) -> Component:
    """The changes from the earlier of two versions to the later one: files and metadata."""
    before, after = sorted((one, other), key=lambda version: version.number)
    kinds, changed = compare_files(context, before.row["id"], after.row["id"])
    metadata = compare(before.metadata, after.metadata)
    keys = counted(Counter(change.kind for change in metadata), len(after.metadata))
    sizes = f"{size_text(before.row['size'])} to {size_text(after.row['size'])}"
    names = (f"v{before.number}", f"v{after.number}")
    note = f"The first {len(changed)} of these changes are shown." if len(changed) < kinds.total() else ""
    return html.Div(
        [
            html.H2(f"Files: {counted(kinds, after.row['file_count'])}; {sizes}"),
            html.P(note, className="soft") if note else None,
            _grid("artifact-changed-files", "File", changed, names, sizes=True),
            html.H2(f"Metadata: {keys}"),
            _grid("artifact-changed-metadata", "Key", metadata, names, sizes=False),
        ],
        className="artifact-comparison",
    )


def _grid(name: str, title: str, changes: Sequence[Change], names: tuple[str, str], sizes: bool) -> Component:
    """The changes, one a row; ``sizes``: their values are numbers of bytes."""
    if not changes:
        return html.P("No difference.", className="soft")
    rows = [_change(change, sizes) for change in changes]
    values = zip(("before", "after"), names, strict=True)
    columns: list[dict[str, Any]] = [
        {"field": "kind", "headerName": "Change", "cellRenderer": "Change", "width": 120},
        {"field": "name", "headerName": title, "flex": 2, "minWidth": 220, **WRAPPED},
        *(_side(field, version, sizes) for field, version in values),
    ]
    short = len(rows) <= 15
    options = {"domLayout": "autoHeight"} if short else {}
    look = "grid short" if short else "grid artifact-changes"
    return make_grid(name, f"{title}s that differ", columns, rows, className=look, dashGridOptions=options)


def _change(change: Change, sizes: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": change.kind, "name": change.name}
    for field, value in (("before", change.before), ("after", change.after)):
        if sizes:
            put_size(row, field, value)
        else:
            row[field] = cell(value)
    return row


def _side(field: str, version: str, sizes: bool) -> dict[str, Any]:
    width = {"flex": 1, "minWidth": 140}
    return (
        number_column(field, f"Size in {version}", **width)
        if sizes
        else {"field": field, "headerName": version, **width}
    )
