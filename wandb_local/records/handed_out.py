"""The runs that the agents of a sweep get: making, offering again, stopping and ending them."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from wandb_local import jsons
from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.names import new_name
from wandb_local.records.searchable import RUNS
from wandb_local.store.database import Database, Row

STOPPED_BY_AGENT = 2  # in runs.stopped: the agent was told to end the process; 1 is the user's stop button


def make_run(connection: sqlite3.Connection, sweep: Row, agent: Row, args: Mapping[str, Any]) -> str:
    """Make a run of a sweep with these values, for an agent, and return its name."""
    number = connection.execute("SELECT count(*) FROM runs WHERE sweep_id = ?", (sweep["id"],)).fetchone()[0] + 1
    moment = now()
    columns = {
        "project_id": sweep["project_id"],
        "name": new_name(),
        "display_name": f"sweep-{sweep['name']}-{number}",
        "state": "pending",
        "config": jsons.dumps({key: {"value": value} for key, value in args.items()}),
        "sweep_id": sweep["id"],
        "agent_id": agent["id"],
        "sweep_args": jsons.dumps(args),
        "offers": 1,
        "created_at": moment,
        "updated_at": moment,
        "heartbeat_at": moment,
    }
    marks = ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO runs ({', '.join(columns)}) VALUES ({marks})", list(columns.values()))
    return str(columns["name"])


def offered_before(context: Context, agent: Row) -> Row | None:
    """A run that the agent got but never reported. The answer may have been lost, so the run is offered once more. If
    it does not start then, its script ends at once, so the run fails."""
    with context.db.write() as connection:
        unstarted = "WHERE agent_id = ? AND state = 'pending'"
        sql = f"UPDATE runs SET state = 'failed', updated_at = ? {unstarted} AND offers > 1"
        connection.execute(sql, (now(), agent["id"]))
        connection.execute(f"UPDATE runs SET offers = offers + 1 {unstarted}", (agent["id"],))
        return context.db.row("SELECT * FROM runs WHERE agent_id = ? AND state = 'pending'", (agent["id"],))


def take_preempted(context: Context, sweep: Row, agent: Row) -> Row | None:
    """Assign the oldest preempted run of the sweep to this agent. By W&B's rule, preempted runs come first."""
    with context.db.write() as connection:
        sql = f"SELECT * FROM runs WHERE sweep_id = ? AND {RUNS.fields['state']} = 'preempted'"
        found = context.db.row(f"{sql} AND sweep_args IS NOT NULL ORDER BY id LIMIT 1", (sweep["id"],))
        if found is not None:
            connection.execute(
                "UPDATE runs SET state = 'pending', agent_id = ?, offers = 1, exitcode = NULL, ended_state = NULL,"
                " updated_at = ? WHERE id = ?",
                (agent["id"], now(), found["id"]),
            )
        return found


def stopped_names(db: Database, agent_id: int) -> list[str]:
    """The names of the agent's runs that it has to stop."""
    sql = "SELECT name FROM runs WHERE agent_id = ? AND stopped = ?"
    return [row["name"] for row in db.rows(sql, (agent_id, STOPPED_BY_AGENT))]


def mark_stopped(connection: sqlite3.Connection, run_id: int) -> None:
    """Mark a run so that its agent stops it, unless it was stopped before."""
    connection.execute("UPDATE runs SET stopped = ? WHERE id = ? AND stopped = 0", (STOPPED_BY_AGENT, run_id))


def note_running(context: Context, agent: Row, running: set[str]) -> None:
    """Record the running runs of the agent. A run that it no longer reports has ended, even if no message came."""
    moment = now()
    with context.db.write() as connection:
        values = (moment, jsons.dumps(sorted(running)), agent["id"])
        connection.execute("UPDATE agents SET heartbeat_at = ?, running = ? WHERE id = ?", values)
        connection.execute("UPDATE sweeps SET heartbeat_at = ? WHERE id = ?", (moment, agent["sweep_id"]))
        for name in set(json.loads(agent["running"])) - running:
            connection.execute(
                "UPDATE runs SET updated_at = ?, state = CASE WHEN stopped != 0 THEN 'killed'"
                " WHEN state = 'pending' THEN 'failed' WHEN ended_state IS NOT NULL THEN ended_state"
                " WHEN state = 'preempting' THEN 'preempted' ELSE 'crashed' END"
                " WHERE agent_id = ? AND name = ? AND state IN ('pending', 'running', 'preempting')",
                (moment, agent["id"], name),
            )


def kill_all(context: Context, agent: Row) -> None:
    """Mark all running runs of an agent as killed. An agent that gets the command exit kills its processes, and
    neither the agent nor the processes report it."""
    with context.db.write() as connection:
        connection.execute(
            "UPDATE runs SET state = 'killed', stopped = ?, updated_at = ?"
            " WHERE agent_id = ? AND state IN ('pending', 'running', 'preempting')",
            (STOPPED_BY_AGENT, now(), agent["id"]),
        )
