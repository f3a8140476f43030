"""The rows of a logged Table: in an artifact's version, else in the files of the run."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.errors import NotFoundError
from wandb_local.history import lookup, parse_row
from wandb_local.web.table.cells import File
from wandb_local.web.table.files import Files, RunFiles, follow

TABLE_TYPES = ("table-file", "incremental-table-file", "partitioned-table")


@dataclass(frozen=True)
class Document:
    """The JSON of a table (``columns``, ``data``, perhaps ``column_types``) and the files that its cells name."""

    columns: list[Any]
    data: list[list[Any]]
    types: Mapping[str, Any]
    files: Files


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
