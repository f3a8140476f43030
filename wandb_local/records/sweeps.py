"""Sweeps and agents as records: made, changed, found."""

import copy
import secrets
import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from wandb_local import jsons
from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import ClientError, NotFoundError, UnsupportedError
from wandb_local.limits import load_yaml
from wandb_local.names import from_id, is_blank, new_name
from wandb_local.records.filters import order_by, where
from wandb_local.records.projects import make_project
from wandb_local.records.query import Query
from wandb_local.records.searchable import RUNS, SWEEPS
from wandb_local.search import Search, SweepConfigError, validate
from wandb_local.store.database import Database, Row

STATES = ("PENDING", "RUNNING", "PAUSED", "FINISHED", "CANCELED")


def upsert(context: Context, given: Mapping[str, Any]) -> int:
    """Make a sweep, or change the configuration, name or state of one; its record number.

    Raises:
        ClientError: a configuration that cannot be searched (the message names the key), or an unknown state.
        UnsupportedError: a launch scheduler, or a controller that runs in the client.
        NotFoundError: an id that does not exist.
    """
    changes = _changes(given)
    with context.db.write() as connection:
        if given.get("id"):
            sweep_id = int(need_sweep_by_id(context, given["id"])["id"])
        else:
            if "config" not in changes:
                raise ClientError("config: a new sweep needs a configuration")
            project = make_project(context, given.get("entityName"), given.get("projectName"))
            moment = now()
            values = (project["id"], new_name(), changes["config"], "PENDING", secrets.randbits(31), moment, moment)
            inserted = connection.execute(
                "INSERT INTO sweeps (project_id, name, config, state, seed, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            sweep_id = int(inserted.lastrowid or 0)
        changes["updated_at"] = now()
        assignments = ", ".join(f"{name} = ?" for name in changes)
        connection.execute(f"UPDATE sweeps SET {assignments} WHERE id = ?", [*changes.values(), sweep_id])
        if given.get("priorRunsFilters"):
            _attach_prior_runs(context, sweep_id, given["priorRunsFilters"])
    return sweep_id


def _changes(given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("launchScheduler") or given.get("scheduler"):
        raise UnsupportedError("this server does not support launch schedulers; start `wandb agent` yourself")
    changes: dict[str, Any] = {}
    if given.get("config") is not None:
        config = parse_config(given["config"])
        if (config.get("controller") or {}).get("type") == "local":
            raise UnsupportedError(
                "controller: this server does not support type local, because it runs the search itself; remove the key"
            )
        _check_can_be_told(config["parameters"])
        changes["config"] = str(given["config"])
        changes["description"] = config.get("description")
    if given.get("displayName") is not None and not is_blank(str(given["displayName"])):
        changes["display_name"] = str(given["displayName"])
    if given.get("state") is not None:
        if str(given["state"]).upper() not in STATES:
            raise ClientError(f"state {given['state']!r}: give one of {STATES}")
        changes["state"] = str(given["state"]).upper()
    return changes


def _check_can_be_told(parameters: Mapping[str, Any]) -> None:
    for name, spec in parameters.items():
        try:
            jsons.dumps(spec)
        except (TypeError, ValueError):
            rule = "must be text, a finite number, true or false, a list or a mapping, because agents get it as JSON"
            raise ClientError(f"sweep configuration: parameters.{name}: {rule}, got {spec!r}") from None


def parse_config(text: Any) -> dict[str, Any]:
    """The normalised configuration of a sweep from its YAML.

    Raises:
        ClientError: not YAML, or a configuration that cannot be searched; the message names the key.
    """
    if not isinstance(text, str):
        raise ClientError("sweep configuration: give YAML as a string")
    return copy.deepcopy(_parsed(text))


@lru_cache(maxsize=128)  # agents ask every five seconds
def _parsed(text: str) -> dict[str, Any]:
    try:
        return validate(load_yaml(text))
    except SweepConfigError as error:
        raise ClientError(f"sweep configuration: {error}") from None
    except (yaml.YAMLError, AttributeError, ValueError, RecursionError) as error:
        raise ClientError(f"sweep configuration: {error}") from None


def _attach_prior_runs(context: Context, sweep_id: int, filters: Any) -> None:
    """Let the search use earlier runs of the project (``wandb sweep -R``); runs without a sweep join this sweep."""
    condition, parameters = where(RUNS, filters)
    with context.db.write() as connection:
        project_id = connection.execute("SELECT project_id FROM sweeps WHERE id = ?", (sweep_id,)).fetchone()[0]
        found = f"FROM runs WHERE project_id = ? AND ({condition})"
        connection.execute(
            f"INSERT OR IGNORE INTO sweep_prior_runs (sweep_id, run_id) SELECT ?, id {found}",
            [sweep_id, project_id, *parameters],
        )
        connection.execute(
            "UPDATE runs SET sweep_id = ? WHERE sweep_id IS NULL"
            " AND id IN (SELECT run_id FROM sweep_prior_runs WHERE sweep_id = ?)",
            (sweep_id, sweep_id),
        )


def find_sweep(context: Context, project_id: int, name: object) -> Row | None:
    """The sweep of that name in a project, or None."""
    return context.db.row("SELECT * FROM sweeps WHERE project_id = ? AND name = ?", (project_id, str(name)))


def sweep_names(db: Database, project_id: int) -> list[str]:
    """The names of the sweeps of a project, newest first."""
    rows = db.rows("SELECT name FROM sweeps WHERE project_id = ? ORDER BY id DESC", (project_id,))
    return [row["name"] for row in rows]


def sweeps_of(project_id: int, filters: str | None = None, order: str | None = None) -> Query:
    """The sweeps of a project that pass the public API's filters, in its order."""
    condition, values = where(SWEEPS, filters)
    by, order_values = order_by(SWEEPS, order, "-created_at")
    source = f"sweeps WHERE project_id = ? AND ({condition})"
    return Query("*", source, f"{by}, id DESC", [project_id, *values], order_values)


def count_runs(db: Database, sweep_id: int) -> int:
    """How many runs belong to a sweep."""
    return int(db.value("SELECT count(*) FROM runs WHERE sweep_id = ?", (sweep_id,)))


def sweep_name(db: Database, run: Row) -> str | None:
    """The name of the sweep that a run belongs to, or None."""
    name: str | None = db.value("SELECT name FROM sweeps WHERE id = ?", (run["sweep_id"],)) if run["sweep_id"] else None
    return name


def need_sweep_by_id(context: Context, sweep_id: object) -> Row:
    """The sweep of an opaque id.

    Raises:
        NotFoundError: it does not exist.
    """
    return need_sweep(context, from_id("Sweep", sweep_id))


def need_sweep(context: Context, sweep_id: int) -> Row:
    """The sweep of a record number.

    Raises:
        NotFoundError: it does not exist.
    """
    row = context.db.row("SELECT * FROM sweeps WHERE id = ?", (sweep_id,))
    if row is None:
        raise NotFoundError("the sweep does not exist")
    return row


def finish(connection: sqlite3.Connection, sweep_id: int) -> None:
    """Let no more runs start."""
    values = (now(), sweep_id)
    connection.execute(
        "UPDATE sweeps SET state = 'FINISHED', updated_at = ? WHERE id = ? AND state = 'RUNNING'", values
    )


def expected_runs(config: Mapping[str, Any]) -> int | None:
    """How many runs the sweep will have: its ``run_cap``, the points of a grid, or None if there is no end."""
    return Search(config, seed=0).expected_runs
