"""Runs that begin at a step of a run: a fork of another one, and a run that is taken back."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from wandb_local import jsons
from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import NotFoundError, UnsupportedError
from wandb_local.inputs import integer
from wandb_local.records.history import parse_row, recount_history
from wandb_local.records.projects import find_run
from wandb_local.store.database import Row

# What the client writes about the process that a run is, which a fork is not.
_OF_THE_PROCESS = (
    "config.yaml",
    "diff.patch",
    "output.log",
    "requirements.txt",
    "wandb-metadata.json",
    "wandb-summary.json",
)
_FILES = (
    "INSERT INTO run_files (run_id, name, md5, updated_at) SELECT ?, name, md5, updated_at FROM run_files"
    f" WHERE run_id = ? AND name NOT IN ({', '.join('?' * len(_OF_THE_PROCESS))}) ON CONFLICT DO NOTHING"
)


def branch_point(config: str | None) -> Mapping[str, Any] | None:
    """The branch point of a fork, from its config: ``run_id`` and ``step``; None if the run is not a fork."""
    if not config or '"branch_point"' not in config:
        return None
    internal = jsons.loads(config).get("_wandb")
    value = internal.get("value") if isinstance(internal, dict) else None
    branch = value.get("branch_point") if isinstance(value, dict) else None
    return branch if isinstance(branch, dict) else None


def fork(context: Context, connection: sqlite3.Connection, run_id: int, config: str | None) -> None:
    """If the config says that a run is a fork, give it the rows of its source up to the branch point, the summary as it
    was then, and the files. The rows are numbered below zero, as the client counts its own rows from zero.

    Raises:
        NotFoundError: the source does not exist.
    """
    branch = branch_point(config)
    if branch is None:
        return
    project_id = context.db.value("SELECT project_id FROM runs WHERE id = ?", (run_id,))
    source = find_run(context, project_id, branch.get("run_id"))
    if source is None:
        raise NotFoundError(f"run {branch.get('run_id')!r} cannot be forked, because it does not exist")
    step = integer(branch, "step", -1)
    connection.execute(
        "INSERT INTO history (run_id, number, step, line) SELECT ?, number - ?, step, line FROM history"
        " WHERE run_id = ? AND step <= ?",
        (run_id, max(int(source["history_lines"]), 1), source["id"], step),
    )
    recount_history(connection, run_id)
    summary = json.loads(source["summary"])
    keys = json.loads(source["history_keys"])
    if step < keys["lastStep"]:
        logged = {key.partition(".")[0] for key in keys["keys"]} | keys["keys"].keys()
        summary = {key: value for key, value in summary.items() if key not in logged} | last_values(connection, run_id)
    connection.execute("UPDATE runs SET summary = ? WHERE id = ?", (jsons.dumps(summary), run_id))
    connection.execute(_FILES, (run_id, source["id"], *_OF_THE_PROCESS))


def last_values(connection: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    """The last value of each key in the history, which is the summary of a run that has set none."""
    values: dict[str, Any] = {}
    for row in connection.execute("SELECT line FROM history WHERE run_id = ? ORDER BY number", (run_id,)):
        values.update(parse_row(row["line"]))
    whole: dict[str, Any] = jsons.whole(values)
    return whole


def rewind(context: Context, run: Row, metric: object, value: object) -> None:
    """Delete the history after a step; the client continues from there.

    Raises:
        UnsupportedError: the metric is not ``_step``.
    """
    if metric != "_step" or not isinstance(value, int | float) or not abs(value) < 1 << 62:
        raise UnsupportedError(f"this server cannot rewind to {metric} = {value!r}; give _step and a number")
    with context.db.write() as connection:
        connection.execute("DELETE FROM history WHERE run_id = ? AND step > ?", (run["id"], int(value)))
        recount_history(connection, run["id"])
        summary = jsons.dumps(last_values(connection, run["id"]))
        connection.execute(
            "UPDATE runs SET summary = ?, state = 'running', exitcode = NULL, ended_state = NULL, stopped = 0,"
            " updated_at = ? WHERE id = ?",
            (summary, now(), run["id"]),
        )
