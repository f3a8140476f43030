"""The agents of sweeps: registered, found, counted."""

from collections.abc import Mapping
from typing import Any

from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.names import from_id, new_name
from wandb_local.records.projects import need_project
from wandb_local.records.sweeps import find_sweep
from wandb_local.store.database import Database, Row


def make_agent(context: Context, given: Mapping[str, Any]) -> Row:
    """Register an agent for a sweep.

    Raises:
        NotFoundError: the sweep does not exist.
    """
    project = need_project(context, given.get("entityName"), given.get("projectName"))
    sweep = find_sweep(context, project["id"], given.get("sweep"))
    if sweep is None:
        raise NotFoundError(f"sweep {given.get('sweep')!r} does not exist")
    moment = now()
    with context.db.write() as connection:
        connection.execute("UPDATE sweeps SET state = 'RUNNING' WHERE id = ? AND state = 'PENDING'", (sweep["id"],))
        values = (sweep["id"], new_name(), str(given.get("host")), moment, moment)
        sql = "INSERT INTO agents (sweep_id, name, host, created_at, heartbeat_at) VALUES (?, ?, ?, ?, ?)"
        made = connection.execute(sql, values).lastrowid
    return context.db.rows("SELECT * FROM agents WHERE id = ?", (made,))[0]


def need_agent(context: Context, agent_id: object) -> Row:
    """The agent of an opaque id.

    Raises:
        NotFoundError: it does not exist.
    """
    row = context.db.row("SELECT * FROM agents WHERE id = ?", (from_id("Agent", agent_id),))
    if row is None:
        raise NotFoundError("the agent does not exist; its sweep may have been deleted")
    return row


def agents_of(db: Database, sweep_id: int) -> list[Row]:
    """The agents of a sweep, oldest first."""
    return db.rows("SELECT * FROM agents WHERE sweep_id = ? ORDER BY id", (sweep_id,))


def count_runs(db: Database, agent_id: int) -> int:
    """How many runs an agent was given."""
    return int(db.value("SELECT count(*) FROM runs WHERE agent_id = ?", (agent_id,)))


def count_agents(db: Database, sweep_id: int, heard_since: float) -> tuple[int, int]:
    """How many agents of a sweep were heard of since a moment, and how many there have been."""
    sql = "SELECT total(heartbeat_at > ?), count(*) FROM agents WHERE sweep_id = ?"
    alive, every = db.rows(sql, (heard_since, sweep_id))[0]
    return int(alive), every
