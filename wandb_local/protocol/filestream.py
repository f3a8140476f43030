"""What a running script sends: metrics, system metrics, summary, console lines, and that it has ended."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wandb_local import jsons
from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.records.branches import branch_point
from wandb_local.records.history import append_history, new_lines, parse_row
from wandb_local.records.projects import need_run
from wandb_local.records.writers import placed
from wandb_local.store.database import Row

_AT_THE_END = (
    "CASE WHEN ended_state IS NOT NULL THEN ended_state WHEN state = 'killed' THEN state"
    " WHEN ? = 0 THEN 'finished' WHEN stopped != 0 THEN 'killed'"
    " WHEN state IN ('preempting', 'preempted') THEN 'preempted' ELSE 'failed' END"
)
_KINDS: dict[str, tuple[type, str]] = {
    "files": (dict, "an object of chunks by file name"),
    "uploaded": (list, "a list of file names"),
    "complete": (bool, "true or false"),
    "preempting": (bool, "true or false"),
    "exitcode": (int, "a whole number"),
}
_UNDER_WAY = "CASE WHEN state IN ('killed', 'preempting', 'preempted') THEN state ELSE ? END"


def receive(context: Context, entity: str, project: str, name: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """Store one message in one transaction; answers what the client should know.

    Offsets make it safe to send a message twice: rows that are stored already are skipped, others are replaced.

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
                _replace_summary(connection, run, lines, context.writer)
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


def _append_events(connection: sqlite3.Connection, run_id: int, offset: int, lines: Sequence[str]) -> None:
    offset, lines = new_lines(connection, "events", run_id, offset, lines)
    if not lines:
        return
    connection.execute("DELETE FROM events WHERE run_id = ? AND number >= ?", (run_id, offset))
    rows = [(run_id, offset + number, line) for number, line in enumerate(lines)]
    connection.executemany("INSERT INTO events (run_id, number, line) VALUES (?, ?, ?)", rows)
    latest = jsons.dumps(parse_row(lines[-1]))
    connection.execute(
        "UPDATE runs SET events_lines = ?, system_metrics = ? WHERE id = ?", (offset + len(lines), latest, run_id)
    )


def _replace_summary(connection: sqlite3.Connection, run: Row, lines: Sequence[str], writer: str) -> None:
    """The client sends the whole summary each time, but knows nothing of what a fork has inherited, or of what other
    writers of the run have put there."""
    if lines:
        others = json.loads(run["summary"]) if writer or branch_point(run["config"]) else {}
        summary = jsons.dumps(others | jsons.whole(parse_row(lines[-1])))
        connection.execute("UPDATE runs SET summary = ? WHERE id = ?", (summary, run["id"]))


def _overwrite_console(connection: sqlite3.Connection, run_id: int, offset: int, lines: Sequence[str]) -> None:
    """Console lines replace those at their place only: a progress bar rewrites an old line while later ones stay."""
    rows = [(run_id, offset + number, line) for number, line in enumerate(lines)]
    connection.executemany("INSERT OR REPLACE INTO console (run_id, number, line) VALUES (?, ?, ?)", rows)
    connection.execute("UPDATE runs SET log_lines = max(log_lines, ?) WHERE id = ?", (offset + len(lines), run_id))


_STREAMS = {
    "wandb-history.jsonl": ("history", append_history),
    "wandb-events.jsonl": ("events", _append_events),
    "output.log": ("console", _overwrite_console),
}


def _note_state(connection: sqlite3.Connection, run_id: int, message: Mapping[str, Any]) -> None:
    """What a killed or preempted run still has to say does not bring it back to life; resuming it does. The client says
    once that its run is being preempted: unless the run then ends well, it has been (W&B's rule)."""
    moment = now()
    if message.get("complete"):
        exitcode = message.get("exitcode")
        exitcode = exitcode if isinstance(exitcode, int) and abs(exitcode) < 1 << 31 else 0
        connection.execute(
            f"UPDATE runs SET state = {_AT_THE_END}, exitcode = CASE WHEN ended_state IS NULL THEN ? ELSE exitcode END,"
            " ended_state = NULL, started = 1, heartbeat_at = ?, updated_at = ? WHERE id = ?",
            (exitcode, exitcode, moment, moment, run_id),
        )
        return
    state = "preempting" if message.get("preempting") else "running"
    sql = f"UPDATE runs SET state = {_UNDER_WAY}, started = 1, heartbeat_at = ? WHERE id = ?"
    connection.execute(sql, (state, moment, run_id))
