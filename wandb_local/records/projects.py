"""Projects, made on first use."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.names import DEFAULT_ENTITY, DEFAULT_PROJECT, checked_name
from wandb_local.records.filters import where
from wandb_local.records.searchable import RUNS
from wandb_local.store.database import Database, Row


def find_project(context: Context, arguments: Mapping[str, Any]) -> Row | None:
    """The project that ``entityName`` (or the default entity) and ``name`` mean, or None."""
    entity, name = arguments.get("entityName") or DEFAULT_ENTITY, arguments.get("name") or DEFAULT_PROJECT
    return context.db.row("SELECT * FROM projects WHERE entity = ? AND name = ?", (str(entity), str(name)))


def need_project(context: Context, entity: object, name: object) -> Row:
    """The project, which must exist.

    Raises:
        NotFoundError: it does not.
    """
    row = find_project(context, {"entityName": entity, "name": name})
    if row is None:
        raise NotFoundError(f"project {entity or DEFAULT_ENTITY}/{name} does not exist")
    return row


def make_project(context: Context, entity: object, name: object) -> Row:
    """The project, made if it does not exist yet."""
    row = find_project(context, {"entityName": entity, "name": name})
    if row is not None:
        return row
    entity = checked_name("entity", entity or DEFAULT_ENTITY)
    name = checked_name("project", name or DEFAULT_PROJECT)
    with context.db.write() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO projects (entity, name, created_at) VALUES (?, ?, ?)", (entity, name, now())
        )
    return need_project(context, entity, name)


def project_by_id(db: Database, project_id: int) -> Row | None:
    """The project of a record number, or None."""
    return db.row("SELECT * FROM projects WHERE id = ?", (project_id,))


def change(connection: sqlite3.Connection, project_id: int, changes: Mapping[str, Any]) -> None:
    """Change columns of a project."""
    for column, value in changes.items():
        connection.execute(f"UPDATE projects SET {column} = ? WHERE id = ?", (value, project_id))


def delete(connection: sqlite3.Connection, project_id: int) -> bool:
    """Delete a project with all that is in it; answers whether it was there."""
    return connection.execute("DELETE FROM projects WHERE id = ?", (project_id,)).rowcount > 0


def entities(db: Database) -> list[str]:
    """The entities that have projects, sorted."""
    return [row["entity"] for row in db.rows("SELECT DISTINCT entity FROM projects ORDER BY entity")]


def list_projects(db: Database) -> list[Row]:
    """All projects, the most recently changed first, with numbers of runs and sweeps and the time of the change."""
    return db.rows(
        "SELECT entity, name, created_at,"
        " (SELECT coalesce(sum(runs), 0) FROM run_states WHERE project_id = projects.id) AS runs,"
        " (SELECT count(*) FROM sweeps WHERE project_id = projects.id) AS sweeps,"
        " (SELECT max(updated_at, heartbeat_at) FROM run_changes JOIN runs ON runs.id = run_id"
        " WHERE run_changes.project_id = projects.id ORDER BY number DESC LIMIT 1) AS updated"
        " FROM projects ORDER BY coalesce(updated, created_at) DESC"
    )


def total_runs(db: Database, project_id: int) -> int:
    """How many runs a project has."""
    return int(db.value("SELECT coalesce(sum(runs), 0) FROM run_states WHERE project_id = ?", (project_id,)))


def count_runs(db: Database, project_id: int, filters: str | None) -> int:
    """How many runs of a project pass the public API's filters."""
    condition, values = where(RUNS, filters)
    if condition == "1":
        return total_runs(db, project_id)
    return int(db.value(f"SELECT count(*) FROM runs WHERE project_id = ? AND ({condition})", [project_id, *values]))


def find_run(context: Context, project_id: int, name: object) -> Row | None:
    """The run of that name in a project, or None."""
    return context.db.row("SELECT * FROM runs WHERE project_id = ? AND name = ?", (project_id, str(name)))


def run_by_id(db: Database, run_id: int | None) -> Row | None:
    """The run of a record number, or None."""
    return db.row("SELECT * FROM runs WHERE id = ?", (run_id,))


def place_of_run(db: Database, run_id: int) -> Row | None:
    """Where a run is, and what it is called: entity, project, names and type of job; or None."""
    sql = (
        "SELECT runs.id, runs.name, display_name, job_type, entity, projects.name AS project FROM runs"
        " JOIN projects ON projects.id = runs.project_id WHERE runs.id = ?"
    )
    return db.row(sql, (run_id,))


def need_run(context: Context, entity: object, project: object, name: object) -> Row:
    """The run, which must exist.

    Raises:
        NotFoundError: it does not.
    """
    row = find_run(context, need_project(context, entity, project)["id"], name)
    if row is None:
        raise NotFoundError(f"run {entity or DEFAULT_ENTITY}/{project}/{name} does not exist")
    return row
