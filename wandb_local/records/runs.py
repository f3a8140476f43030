"""Runs as records: made and changed by ``upsertBucket``, deleted, stopped."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

from wandb_local import jsons
from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import ClientError, NotFoundError
from wandb_local.limits import TooLargeError
from wandb_local.names import checked_name, from_id, is_blank, new_name
from wandb_local.records import branches, writers
from wandb_local.records.artifacts import versions
from wandb_local.records.projects import find_run, make_project, run_by_id, total_runs
from wandb_local.records.states import state
from wandb_local.store.database import Row

_COLUMNS = {  # GraphQL's name of an input field: the column it goes to
    "displayName": "display_name",
    "description": "description",
    "notes": "notes",
    "groupName": "group_name",
    "jobType": "job_type",
    "host": "host",
    "jobProgram": "program",
    "jobRepo": "repo",
    "commit": "commit_hash",
    "debug": "debug",
    "state": "state",
}
_STATES = {"running", "pending", "finished", "failed", "crashed", "killed", "preempting", "preempted"}
_STARTED = {"running", "preempting"}
_ENDED = ("exitcode", "ended_state")  # what a run keeps of its end while one of its writers has joined it late
_ADJECTIVES = ("amber", "bold", "calm", "dusty", "eager", "fuzzy", "glad", "happy", "jolly", "keen", "lucid", "vivid")
_NOUNS = ("brook", "cloud", "dawn", "ember", "field", "harbor", "island", "lake", "meadow", "ocean", "river", "stone")


def upsert(context: Context, given: Mapping[str, Any]) -> tuple[int, bool]:
    """Make a run or change one: its record number, and whether it was made.

    An upsert without an id and with a host is a client that starts the run. On a run that has started before, this is a
    restart without resume (or a second ``wandb sync``): its streams are cleared, or every row would be there twice.

    Raises:
        ClientError: a value that cannot be stored.
        NotFoundError: an id that does not exist.
    """
    columns = _changes(given)
    with context.db.write() as connection:
        run, project_id, name = _existing(context, given)
        starting = not given.get("id") and given.get("host") is not None
        if starting:
            columns.setdefault("state", "running")
        if given.get("sweep"):
            columns["sweep_id"] = context.db.value(
                "SELECT id FROM sweeps WHERE project_id = ? AND name = ?", (project_id, str(given["sweep"]))
            )
        moment = now()
        if run is None:
            if not columns.get("display_name"):
                columns["display_name"] = _drawn_name(total_runs(context.db, project_id) + 1)
            run_id = _insert(connection, project_id, name, columns, moment)
            branches.fork(context, connection, run_id, columns.get("config"))
            return run_id, True
        anew = starting and run["started"] and not context.writer
        secondary = bool(context.writer) and not writers.is_primary(columns.get("config"))
        if context.writer and not secondary and run["ended_state"]:
            columns.update(dict.fromkeys(_ENDED))
        if context.writer and "config" in columns:
            columns["config"] = jsons.dumps(writers.joined(json.loads(run["config"]), json.loads(columns["config"])))
        if anew:
            clear_streams(connection, run["id"])
            columns.update(summary="{}", exitcode=None, ended_state=None, started=0, stopped=0)
        elif given.get("host") is not None and state(run) not in _STARTED:  # with its id: a run is resumed
            late = secondary and state(run) != "pending"
            ended = {"exitcode": run["exitcode"], "ended_state": state(run)} if late else dict.fromkeys(_ENDED)
            columns.update(ended, state="running", stopped=0)
            starting = True
        columns.update(updated_at=moment, heartbeat_at=moment if starting else run["heartbeat_at"])
        _update(connection, run["id"], columns)
        if anew:
            branches.fork(context, connection, run["id"], columns.get("config"))
        return int(run["id"]), False


def _existing(context: Context, given: Mapping[str, Any]) -> tuple[Row | None, int, str]:
    if given.get("id"):
        run = need_by_id(context, given["id"])
        return run, run["project_id"], run["name"]
    project = make_project(context, given.get("entityName"), given.get("modelName"))
    name = given.get("name") or new_name()
    known = find_run(context, project["id"], name)
    return known, project["id"], known["name"] if known else checked_name("run", name)


def _insert(connection: sqlite3.Connection, project_id: int, name: str, columns: dict[str, Any], moment: float) -> int:
    columns.setdefault("state", "running")
    columns.update(project_id=project_id, name=name, created_at=moment, updated_at=moment, heartbeat_at=moment)
    marks = ", ".join("?" * len(columns))
    inserted = connection.execute(f"INSERT INTO runs ({', '.join(columns)}) VALUES ({marks})", list(columns.values()))
    return int(inserted.lastrowid or 0)


def _drawn_name(number: int) -> str:
    return "-".join([secrets.choice(_ADJECTIVES), secrets.choice(_NOUNS), str(number)])


def _update(connection: sqlite3.Connection, run_id: int, columns: dict[str, Any]) -> None:
    assignments = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE runs SET {assignments} WHERE id = ?", [*columns.values(), run_id])


def _changes(given: Mapping[str, Any]) -> dict[str, Any]:
    columns = {column: given[name] for name, column in _COLUMNS.items() if given.get(name) is not None}
    for name, value in columns.items():
        if not isinstance(value, str | int | bool):
            raise ClientError(f"{name}: give a string, not {value!r}")
    if is_blank(str(columns.get("display_name", "-"))):  # as if there were none: it is not worth losing a run
        columns["display_name"] = ""
    if columns.get("state", "running") not in _STATES:
        raise ClientError(f"state {columns['state']!r}: give one of {sorted(_STATES)}")
    if given.get("config") is not None:
        columns["config"] = json_object("config", given["config"])
    if given.get("summaryMetrics") is not None:
        columns["summary"] = json_object("summaryMetrics", given["summaryMetrics"])
    if given.get("tags") is not None:
        if not isinstance(given["tags"], list) or not all(isinstance(tag, str) for tag in given["tags"]):
            raise ClientError(f"tags: give a list of strings, not {given['tags']!r}")
        columns["tags"] = jsons.dumps([tag for tag in given["tags"] if not is_blank(tag)])
    return columns


def json_object(what: str, text: Any) -> str:
    """The JSON object in ``text``, made strict.

    Raises:
        ClientError: not a JSON object.
    """
    try:
        value = jsons.whole(jsons.loads(text))
    except TooLargeError as error:
        raise TooLargeError(f"{what}: {error}") from None
    except (ValueError, TypeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ClientError(f"{what}: give a JSON object as a string")
    return jsons.dumps(value)


def clear_streams(connection: sqlite3.Connection, run_id: int) -> None:
    """Forget a run's history, system metrics and console."""
    for table in ("history", "events", "console", "shared_lines"):
        connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))
    connection.execute(
        "UPDATE runs SET history_lines = 0, events_lines = 0, log_lines = 0, system_metrics = '{}',"
        """ history_keys = '{"keys":{},"lastStep":-1}' WHERE id = ?""",
        (run_id,),
    )


def need_by_id(context: Context, run_id: object) -> Row:
    """The run of an opaque id.

    Raises:
        NotFoundError: it does not exist.
    """
    row = run_by_id(context.db, from_id("Run", run_id))
    if row is None:
        raise NotFoundError(f"run {run_id!r} does not exist")
    return row


def delete(context: Context, run_id: int, delete_artifacts: bool) -> None:
    """Delete a run with its streams and files, and the artifacts it logged if asked."""
    with context.db.write() as connection:
        if delete_artifacts:
            for artifact in context.db.rows("SELECT * FROM artifacts WHERE run_id = ?", (run_id,)):
                versions.delete(context, artifact, delete_aliases=True)
        connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))


def change_state(context: Context, run: Row, wanted: object) -> None:
    """What ``Run.update_state`` of the public API may do: to pending (requeue) or to failed (lost).

    Raises:
        ClientError: the change is another one, or the run belongs to a sweep.
    """
    allowed = {"pending": {"running", "failed", "crashed", "preempted"}, "failed": {"pending", "running"}}
    if run["sweep_id"] is not None or state(run) not in allowed.get(str(wanted), set()):
        raise ClientError(f"the state of run {run['name']} cannot change from {state(run)} to {wanted!r}")
    with context.db.write() as connection:
        connection.execute("UPDATE runs SET state = ?, updated_at = ? WHERE id = ?", (wanted, now(), run["id"]))


def stop(context: Context, run: Row) -> None:
    """Stop a run: its client stops at the next message; a run that waits for another agent ends at once."""
    ended = "CASE WHEN state = 'preempted' THEN 'killed' ELSE state END"
    with context.db.write() as connection:
        connection.execute(f"UPDATE runs SET stopped = 1, state = {ended} WHERE id = ?", (run["id"],))
