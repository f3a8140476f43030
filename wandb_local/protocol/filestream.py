"""Messages of a running script: metrics, system metrics, summary, console lines, and the end of the run."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.records.history import append_history
from wandb_local.records.projects import need_run
from wandb_local.records.states import note_end, note_under_way
from wandb_local.records.streams import append_events, overwrite_console, replace_summary
from wandb_local.records.writers import placed

_KINDS: dict[str, tuple[type, str]] = {
    "files": (dict, "an object that maps file names to chunks"),
    "uploaded": (list, "a list of file names"),
    "complete": (bool, "true or false"),
    "preempting": (bool, "true or false"),
    "exitcode": (int, "a whole number"),
}


def receive(context: Context, entity: str, project: str, name: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """Store one message in one transaction, and return the answer for the client.

    Because of the offsets, a message may arrive twice: rows that are already stored are skipped, others are replaced.

    Raises:
        NotFoundError: the run does not exist.
        ClientError: not a file_stream message.
    """
    answer: dict[str, Any] = {"exitcode": None, "limits": {}}
    _check(message)
    with context.db.write() as connection:
        run = need_run(context, entity, project, name)
        files = message.get("files") or {}
        for file_name, chunk in files.items():
            offset, lines = _chunk(file_name, chunk)
            if file_name == "wandb-summary.json":
                replace_summary(connection, run, lines, context.writer)
            elif file_name in _STREAMS:
                stream, store = _STREAMS[file_name]
                lines = lines if stream == "console" else _bounded(lines)
                _store(connection, run["id"], stream, store, offset, lines, context.writer)
        if message.get("complete") or run["exitcode"] is None or run["ended_state"]:
            _note_state(connection, run["id"], message)
    if message.get("complete") and run["sweep_id"] is not None:
        context.dispatcher.note_end_of_run(context, run["sweep_id"])
    return {**answer, "stopped": True} if run["stopped"] == 1 else answer


def _store(
    connection: sqlite3.Connection,
    run_id: int,
    stream: str,
    store: Callable[[sqlite3.Connection, int, int, Sequence[str]], None],
    offset: int,
    lines: Sequence[str],
    writer: str,
) -> None:
    if not writer:
        store(connection, run_id, offset, lines)
        return
    first, numbered = placed(connection, run_id, stream, writer, offset, lines)
    for number, line in numbered:
        if number < first and stream == "console":  # rewritten, as a progress bar is
            store(connection, run_id, number, [line])
    store(connection, run_id, first, [line for number, line in numbered if number >= first])


def _check(message: Mapping[str, Any]) -> None:
    for name, (kind, what) in _KINDS.items():
        value = message.get(name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool) != (kind is bool)):
            raise ClientError(f"{name}: give {what}, not {jsons.dumps(value)[:100]}")


def _chunk(file_name: str, chunk: Any) -> tuple[int, list[str]]:
    if not isinstance(chunk, dict):
        raise ClientError(f"files: {file_name!r} needs an offset and a list of lines")
    lines, offset = chunk.get("content"), chunk.get("offset", 0)
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ClientError(f"files: the content of {file_name!r} is not a list of lines")
    if not isinstance(offset, int) or isinstance(offset, bool) or not 0 <= offset < 1 << 53:
        raise ClientError(f"files: the offset of {file_name!r} is not a number of lines")
    return offset, lines


def _bounded(lines: Sequence[str]) -> list[str]:
    try:
        return [jsons.bounded(line) for line in lines]
    except (ValueError, RecursionError):
        raise ClientError("files: a line is not a JSON object") from None


_STREAMS = {
    "wandb-history.jsonl": ("history", append_history),
    "wandb-events.jsonl": ("events", append_events),
    "output.log": ("console", overwrite_console),
}


def _note_state(connection: sqlite3.Connection, run_id: int, message: Mapping[str, Any]) -> None:
    if message.get("complete"):
        exitcode = message.get("exitcode")
        note_end(connection, run_id, exitcode if isinstance(exitcode, int) and abs(exitcode) < 1 << 31 else 0)
    else:
        note_under_way(connection, run_id, preempting=bool(message.get("preempting")))
