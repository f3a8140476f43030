"""Run fields and the mutations of runs."""

import json
import mimetypes
from collections.abc import Mapping
from typing import Any

import re2

from wandb_local import inputs, jsons
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.limits import MAX_KEY, TooLargeError
from wandb_local.names import checked_path
from wandb_local.protocol.graphql.common import (
    MAX_PAGE,
    column,
    connection,
    constant,
    identity,
    iso,
    moment,
    page_bounds,
)
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.records import console, files, history
from wandb_local.records.lines import first_step, last_line
from wandb_local.records.projects import project_by_id
from wandb_local.records.states import state
from wandb_local.records.sweeps import sweep_name
from wandb_local.store.database import Row

USER = {"name": "local", "username": "local"}


def _project(context: Context, row: Row, _: Arguments) -> Node:
    return Node("Project", project_by_id(context.db, row["project_id"]))


def _sweep_name(context: Context, row: Row, _: Arguments) -> Any:
    return sweep_name(context.db, row)


def _tail(table: str) -> Any:
    def resolve(context: Context, row: Row, _: Arguments) -> str:
        last = last_line(context.db, table, row["id"])
        return jsons.dumps([] if last is None else [jsons.strict(last)])

    return resolve


def _wandb_config(_: Context, row: Row, arguments: Arguments) -> str:
    entry = jsons.loads(row["config"]).get("_wandb")
    internal = entry.get("value") if isinstance(entry, dict) else None
    if not isinstance(internal, dict):
        return "{}"
    return jsons.dumps({key: internal[key] for key in inputs.strings(arguments, "keys") or internal if key in internal})


def _history(context: Context, row: Row, arguments: Arguments) -> list[str]:
    limit = inputs.integer(arguments, "samples", 500)
    if arguments.get("minStep") is None and arguments.get("maxStep") is None:
        return history.sampled_lines(context.db, "history", row["id"], limit)
    first, end = inputs.integer(arguments, "minStep", 0), inputs.integer(arguments, "maxStep", 1 << 62)
    return history.page(context.db, row["id"], first, end, limit)


def _events(context: Context, row: Row, arguments: Arguments) -> list[str]:
    return history.sampled_lines(context.db, "events", row["id"], inputs.integer(arguments, "samples", 500))


def _parquet_history(context: Context, row: Row, _: Arguments) -> dict[str, Any]:
    """No history is exported to Parquet here: all of it is live, from its first step on, as a client that wants exports
    has to know. It reads live rows page by page, and asks here only from where on."""
    first = first_step(context.db, row["id"])
    return {"parquetUrls": [], "liveData": [] if first is None else [{"_step": first}]}


def _sampled_history(context: Context, row: Row, arguments: Arguments) -> list[list[dict[str, Any]]]:
    specs = [_spec(text) for text in inputs.strings(arguments, "specs")]
    return [history.sampled_values(context.db, row["id"], spec) for spec in specs]


def _spec(text: Any) -> Mapping[str, Any]:
    try:
        spec = jsons.loads(text)
    except TooLargeError:
        raise
    except (ValueError, TypeError):
        spec = None
    if not isinstance(spec, dict):
        raise ClientError("specs: give JSON objects as strings")
    return spec


def _files(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    normal = list(dict.fromkeys(checked_path(name) for name in inputs.strings(arguments, "names")))
    pattern = None if normal else inputs.text(arguments, "pattern")
    found = files.files_of_run(row["id"], normal, _like(pattern) if pattern else None)
    offset, size = page_bounds(arguments)
    rows, total = found.rows(context.db, size + 1, offset), found.count(context.db)
    known = {file["name"] for file in rows}
    missing = [] if offset else [files.no_file(context.db, name) for name in normal if name not in known]
    return connection([{"node": Node("RunFile", file)} for file in (*rows, *missing)], arguments, total + len(missing))


def _like(pattern: str) -> str:
    """SQL's LIKE as a regular expression of RE2, whose time does not explode with many ``%``."""
    if len(pattern) > MAX_KEY:
        raise TooLargeError(f"pattern: give at most {MAX_KEY} characters")
    letters = ({"%": ".*", "_": "."}.get(letter, re2.escape(letter)) for letter in pattern)
    return f"(?is)^{''.join(letters)}$"


def _file_count(context: Context, row: Row, _: Arguments) -> Any:
    return files.files_of_run(row["id"]).count(context.db)


def _log_lines(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    if arguments.get("last") is not None:
        size = min(max(inputs.integer(arguments, "last", 0), 0), MAX_PAGE)
        lines = console.last_rows(context.db, row["id"], size)
        return connection([{"node": console.log_line(line)} for line in lines], {}, row["log_lines"])
    offset, size = page_bounds(arguments)
    lines = console.first_rows(context.db, row["id"], size + 1, offset)
    return connection([{"node": console.log_line(line)} for line in lines], arguments, row["log_lines"])


def _url(context: Context, row: Row, _: Arguments) -> str:
    return context.download_url(row["md5"].zfill(32), row["name"])


RUN: Fields = {
    "id": identity("Run"),
    "name": column("name"),
    "displayName": column("display_name"),
    "description": column("description"),
    "notes": column("notes"),
    "state": lambda _c, row, _a: state(row),
    "config": column("config"),
    "summaryMetrics": column("summary"),
    "systemMetrics": column("system_metrics"),
    "historyKeys": lambda _c, row, _a: json.loads(row["history_keys"]),
    "tags": lambda _c, row, _a: json.loads(row["tags"]),
    "group": column("group_name"),
    "jobType": column("job_type"),
    "commit": column("commit_hash"),
    "host": column("host"),
    "readOnly": constant(False),
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "heartbeatAt": moment("heartbeat_at"),
    "historyLineCount": column("history_lines"),
    "eventsLineCount": column("events_lines"),
    "logLineCount": column("log_lines"),
    "historyTail": _tail("history"),
    "eventsTail": _tail("events"),
    "wandbConfig": _wandb_config,
    "user": constant(USER),
    "project": _project,
    "projectId": lambda _c, row, _a: row["project_id"],
    "sweepName": _sweep_name,
    "exitcode": column("exitcode"),
    "shouldStop": lambda _c, row, _a: bool(row["stopped"]),
    "stopped": lambda _c, row, _a: bool(row["stopped"]),
    "failed": lambda _c, row, _a: state(row) in ("failed", "crashed"),
    "running": lambda _c, row, _a: state(row) == "running",
    "history": _history,
    "events": _events,
    "sampledHistory": _sampled_history,
    "parquetHistory": _parquet_history,
    "files": _files,
    "fileCount": _file_count,
    "logLines": _log_lines,
}

RUN_FILE: Fields = {
    "id": identity("RunFile"),
    "name": column("name"),
    "url": _url,
    "directUrl": _url,
    "sizeBytes": column("size"),
    "md5": column("md5"),
    "mimetype": lambda _c, row, _a: mimetypes.guess_type(row["name"])[0] or "application/octet-stream",
    "updatedAt": lambda _c, row, _a: iso(row["updated_at"]),
}
