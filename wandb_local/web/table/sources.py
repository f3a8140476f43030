"""The rows of a logged Table: in an artifact's version, else in the files of the run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.allowance import Allowance
from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.limits import TooLargeError
from wandb_local.web.table.cells import File
from wandb_local.web.table.files import Files, RunFiles, follow
from wandb_local.web.table.media import Media
from wandb_local.web.table.rows import loads
from wandb_local.web.table.types import fill_arrays

_TABLE = ".table.json"


@dataclass(frozen=True)
class Document:
    """The JSON of a table (``columns``, ``data``, perhaps ``column_types``), cells in the place of the values in
    ``data``, and what its parts name."""

    columns: list[Any]
    data: list[list[Any]]
    types: Mapping[str, Any]
    media: tuple[Media, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Join:
    """Two tables that are shown as one, and the column of each by which their rows are joined."""

    one: Document
    other: Document
    keys: tuple[str, str]


def find_table(context: Context, value: Mapping[str, Any], own: RunFiles) -> tuple[File, bool]:
    """The file of the table that a logged value points to, and whether its rows lie in all tables of that artifact.

    It is the artifact's, whose cells name their media; the run's own copy, which may be cut off, until that is there.

    Raises:
        NotFoundError: neither is stored.
    """
    for address in (value.get("artifact_path"), value.get("_latest_artifact_path")):
        target = follow(context, address)
        if target and (file := target[0].find(target[1])):
            return file, value["_type"] == "incremental-table-file"
    file = own.find(value.get("path"))
    if file is None:
        raise NotFoundError("the table is not stored yet; the run may still be uploading it")
    return file, False


def read_document(file: File, incremental: bool = False) -> Document | Join:
    """A table's file with all its parts, or the two tables that it joins.

    Raises:
        NotFoundError: a file is not stored, holds no table, or one that is too large.
    """
    left, media = Allowance(), Media(_folder(file))
    found = _json(media, file, left)
    if found.get("_type") == "joined-table":
        one, other = (_joined(file, found.get(side), left) for side in ("table1", "table2"))
        return Join(one, other, _keys(file, found.get("join_key")))
    if incremental:
        return _together(file, sorted(media.files.paths(_TABLE), key=_increment), left)
    return _single(media, file, found, left)


def _single(media: Media, file: File, found: Mapping[str, Any], left: Allowance) -> Document:
    """A table in one file or, if it is partitioned, in all the tables of a folder."""
    if found.get("_type") != "partitioned-table":
        return _document(media, file, found, left)
    prefix = str(found.get("parts_path")).strip("/") + "/"
    return _together(file, sorted(path for path in media.files.paths(_TABLE) if path.startswith(prefix)), left)


def _joined(file: File, path: object, left: Allowance) -> Document:
    part = _folder(file).find(path)
    if part is None:
        raise NotFoundError(f"{file.path} joins {path!r}, which is not stored")
    media = Media(_folder(part))
    return _single(media, part, _json(media, part, left), left)


def _keys(file: File, given: object) -> tuple[str, str]:
    match [given, given] if isinstance(given, str) else given:
        case [str(one), str(other)]:
            return one, other
    raise NotFoundError(f"{file.path} does not name the columns on which its tables are joined")


def _together(file: File, paths: Sequence[str], left: Allowance) -> Document:
    """The rows of several tables, one below the other; those with other columns than the first are left out."""
    found = [part for part in map(_folder(file).find, paths) if part is not None]
    parts = [_part(part, left) for part in found]
    if not parts:
        raise NotFoundError(f"{file.path}: none of its parts is stored")
    first, fit = parts[0], [part for part in parts if part.columns == parts[0].columns]
    lost = {
        "are not stored": len(paths) - len(parts),
        f"have other columns than {found[0].path}": len(parts) - len(fit),
    }
    faults = tuple(f"{count} of {len(paths)} parts {what} and are left out" for what, count in lost.items() if count)
    faults += tuple(fault for part in fit for fault in part.faults)
    media = tuple(media for part in fit for media in part.media)
    return Document(first.columns, [row for part in fit for row in part.data], first.types, media, faults)


def _part(file: File, left: Allowance) -> Document:
    media = Media(_folder(file))
    return _document(media, file, _json(media, file, left), left)


def _folder(file: File) -> Files:
    assert isinstance(file.folder, Files)
    return file.folder


def _document(media: Media, file: File, found: Mapping[str, Any], left: Allowance) -> Document:
    columns, data = found.get("columns"), found.get("data")
    if not isinstance(columns, list) or not isinstance(data, list):
        raise NotFoundError(f"{file.path} is not a table")
    typed = found.get("column_types")
    types = typed.get("params", {}).get("type_map", {}) if isinstance(typed, dict) else {}
    media.settle(data)
    faults = tuple(fill_arrays(media.files, columns, data, types, left))
    return Document(columns, data, types, (media,), faults)


def _json(media: Media, file: File, left: Allowance) -> Mapping[str, Any]:
    try:
        found = loads(left.text(media.files.read(file, left), depth=False), media.row)
    except TooLargeError as error:
        raise NotFoundError(f"{file.path} is too large to be shown as a table: {error}") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotFoundError(f"{file.path} is not the JSON of a table")
    return found


def _increment(path: str) -> tuple[int, int]:
    """Number and time in ``3-1700000000000.key.table.json``, by which the client orders the parts."""
    match = re.match(r"(\d+)(?:-(\d+))?\.", path.rpartition("/")[2])
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)
