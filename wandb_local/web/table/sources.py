"""Where the rows of a logged Table are: in an artifact's version or in the files of the run."""

from __future__ import annotations

import binascii
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.errors import NotFoundError
from wandb_local.history import lookup, parse_row
from wandb_local.names import from_id
from wandb_local.web.media import artifact_file_url, run_file_url
from wandb_local.web.table.cells import File

TABLE_TYPES = ("table-file", "incremental-table-file", "partitioned-table", "joined-table")
_ADDRESS = re.compile(r"wandb-(client-)?artifact://([^/:]+)(?::([^/]+))?/(.+)", re.DOTALL)
_LONGEST_PATH = 20  # references to references


class Files:
    """Named files in the stores: those of an artifact's version or of a run. ``about`` is the version's metadata."""

    about: Mapping[str, Any] = {}

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def entries(self) -> dict[str, tuple[str | None, str | None]]:
        """MD5 and reference by path; one of the two is None."""
        raise NotImplementedError

    def url(self, path: str) -> str:
        """The address from which a browser gets a file."""
        raise NotImplementedError

    def find(self, path: object, depth: int = 0) -> File | None:
        """A stored file, also behind references to other artifacts; None if its bytes are not here."""
        md5, reference = self.entries.get(str(path), (None, None))
        if md5 is not None:
            return File(self, str(path), md5) if self._context.blobs.path(md5).is_file() else None
        target = follow(self._context, reference) if reference and depth < _LONGEST_PATH else None
        return target[0].find(target[1], depth + 1) if target else None

    def read(self, file: File) -> bytes:
        """The bytes of a file.

        Raises:
            NotFoundError: they are not stored.
        """
        try:
            return self._context.blobs.path(file.md5).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"{file.path}: its bytes are not stored") from None


class ArtifactFiles(Files):
    """The files of an artifact's version."""

    def __init__(self, context: Context, artifact_id: int) -> None:
        super().__init__(context)
        self._id = artifact_id
        sql = (
            "SELECT entity, projects.name AS project, collections.name AS name, memberships.version, artifacts.metadata"
            " FROM artifacts JOIN collections ON collections.id = artifacts.collection_id"
            " JOIN projects ON projects.id = collections.project_id"
            " JOIN memberships ON artifact_id = artifacts.id AND memberships.collection_id = collections.id"
            " WHERE artifacts.id = ?"
        )
        row = context.db.row(sql, (artifact_id,))
        if row is None:
            raise NotFoundError("the artifact that holds the table is not committed")
        self._place = (row["entity"], row["project"], row["name"], f"v{row['version']}")
        about = json.loads(row["metadata"] or "{}")
        self.about = about if isinstance(about, dict) else {}

    @cached_property
    def entries(self) -> dict[str, tuple[str | None, str | None]]:
        """All files of the version."""
        sql = "SELECT path, md5, ref FROM artifact_files WHERE artifact_id = ?"
        return {row["path"]: (row["md5"], row["ref"]) for row in self._context.db.rows(sql, (self._id,))}

    def url(self, path: str) -> str:
        """``/_media/artifacts/…``."""
        return artifact_file_url(*self._place, path)


class RunFiles(Files):
    """The files that a run has uploaded."""

    def __init__(self, context: Context, place: tuple[str, str, str], run_id: int) -> None:
        super().__init__(context)
        self._place = place
        self._id = run_id

    @cached_property
    def entries(self) -> dict[str, tuple[str | None, str | None]]:
        """All files of the run."""
        sql = "SELECT name, md5 FROM run_files WHERE run_id = ?"
        return {row["name"]: (row["md5"], None) for row in self._context.db.rows(sql, (self._id,))}

    def url(self, path: str) -> str:
        """``/_media/runs/…``."""
        return run_file_url(*self._place, path)


@dataclass(frozen=True)
class Document:
    """The JSON of a table (``columns``, ``data``, perhaps ``column_types``) and the files that its cells name."""

    columns: list[Any]
    data: list[list[Any]]
    types: Mapping[str, Any]
    files: Files


def follow(context: Context, address: object) -> tuple[Files, str] | None:
    """The files and the path that ``wandb-client-artifact://…`` or ``wandb-artifact://…`` means, or None."""
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if match is None:
        return None
    by_client, name, alias, path = match.groups()
    try:
        artifact = _by_client(context, name, alias) if by_client else from_id("Artifact", _opaque(name))
        return (ArtifactFiles(context, artifact), path) if artifact is not None else None
    except NotFoundError:
        return None


def _opaque(name: str) -> str:
    try:
        return binascii.b2a_base64(bytes.fromhex(name), newline=False).decode()
    except ValueError:
        return ""


def _by_client(context: Context, client_id: str, alias: str | None) -> int | None:
    if alias is None:
        sql, values = "SELECT id FROM artifacts WHERE client_id = ? AND state = 'COMMITTED'", [client_id]
    else:
        sql = (
            "SELECT artifact_id FROM aliases JOIN memberships ON memberships.id = membership_id"
            " JOIN collections ON collections.id = aliases.collection_id WHERE client_id = ? AND alias = ?"
        )
        values = [client_id, alias]
    found: int | None = context.db.value(sql, values)
    return found


def logged_value(context: Context, run: Row, key: str, step: int | None) -> Mapping[str, Any]:
    """What a run logged as a table under a key: the last one, or that of a step.

    Raises:
        NotFoundError: nothing, or no table.
    """
    value = lookup(parse_row(run["summary"]), key)
    if step is not None:
        sql = "SELECT line FROM history WHERE run_id = ? AND step = ? ORDER BY number DESC LIMIT 1"
        line = context.db.value(sql, (run["id"], step))
        value = lookup(parse_row(line), key) if line else None
    if not isinstance(value, dict) or value.get("_type") not in TABLE_TYPES:
        raise NotFoundError(f"run {run['name']} has no table {key!r}" + ("" if step is None else f" at step {step}"))
    return value


def logged_steps(context: Context, run: Row, key: str) -> list[int]:
    """The steps at which a run logged a table under a key."""
    sql = "SELECT step, line FROM history WHERE run_id = ? AND instr(line, ?) ORDER BY number"
    rows = context.db.rows(sql, (run["id"], json.dumps(key.rpartition(".")[2])))
    found = ((row["step"], lookup(parse_row(row["line"]), key)) for row in rows)
    return [step for step, value in found if isinstance(value, dict) and value.get("_type") in TABLE_TYPES]


def read_value(context: Context, value: Mapping[str, Any], own: RunFiles) -> Document:
    """The table that a logged value points to: the artifact's, whose cells name their media, else the run's file.

    Raises:
        NotFoundError: neither is stored.
    """
    for address in (value.get("artifact_path"), value.get("_latest_artifact_path")):
        target = follow(context, address)
        if target and (file := target[0].find(target[1])):
            return read_document(file, incremental=value["_type"] == "incremental-table-file")
    file = own.find(value.get("path"))
    if file is None:
        raise NotFoundError("the table is not stored (yet): the run may still be uploading it")
    return read_document(file)


def read_document(file: File, incremental: bool = False) -> Document:
    """A table's file with all its parts.

    Raises:
        NotFoundError: a file is not stored, or holds no table.
    """
    files = file.folder
    assert isinstance(files, Files)
    first = _json(files, file)
    if first.get("_type") == "partitioned-table":
        prefix = str(first.get("parts_path")).strip("/") + "/"
        paths = sorted(path for path in files.entries if path.startswith(prefix) and path.endswith(".table.json"))
    elif incremental:
        paths = sorted((path for path in files.entries if path.endswith(".table.json")), key=_increment)
    else:
        return _document(files, file, first)
    parts = [read_document(part) for part in map(files.find, paths) if part is not None]
    if not parts:
        raise NotFoundError(f"{file.path}: none of its parts is stored")
    return Document(parts[0].columns, [row for part in parts for row in part.data], parts[0].types, parts[0].files)


def _document(files: Files, file: File, found: Mapping[str, Any]) -> Document:
    columns, data = found.get("columns"), found.get("data")
    if not isinstance(columns, list) or not isinstance(data, list):
        raise NotFoundError(f"{file.path} holds no table")
    typed = found.get("column_types")
    types = typed.get("params", {}).get("type_map", {}) if isinstance(typed, dict) else {}
    rows = [row if isinstance(row, list) else [row] for row in data]
    _fill_arrays(files, columns, rows, types)
    return Document(columns, rows, types, files)


def _json(files: Files, file: File) -> Mapping[str, Any]:
    try:
        found = json.loads(files.read(file))  # NaN and infinities become floats
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotFoundError(f"{file.path} is not the JSON of a table")
    return found


def _increment(path: str) -> tuple[int, int]:
    """Number and time in ``3-1700000000000.key.table.json``, by which the client orders the parts."""
    match = re.match(r"(\d+)(?:-(\d+))?\.", path.rpartition("/")[2])
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)


def _fill_arrays(files: Files, columns: list[Any], rows: list[list[Any]], types: Mapping[str, Any]) -> None:
    """Columns of NumPy arrays lie in a file of their own; their cells are null."""
    for place, name in enumerate(columns):
        for kind in allowed_types(types.get(str(name))):
            stored = kind.get("params", {}).get("serialization_path")
            file = files.find(stored.get("path")) if isinstance(stored, dict) else None
            if file is None:
                continue
            try:
                with np.load(io.BytesIO(files.read(file)), allow_pickle=False) as archive:
                    arrays = archive[stored["key"]]
            except (ValueError, KeyError, OSError, zipfile.BadZipFile):
                continue
            for row, array in zip(rows, arrays, strict=False):
                row[place] = array.tolist()


def allowed_types(kind: object) -> list[Mapping[str, Any]]:
    """The members of a union type, or the type itself, as the client describes a column."""
    if not isinstance(kind, dict):
        return []
    params = kind.get("params")
    if kind.get("wb_type") == "union" and isinstance(params, dict):
        return [member for one in params.get("allowed_types", []) for member in allowed_types(one)]
    return [kind]
