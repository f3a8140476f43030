"""Runs as lists show them: which have changed since a look, how many there are in which state, and single ones."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from wandb_local.clock import CLOCK
from wandb_local.records.searchable import SILENT, SILENT_AFTER
from wandb_local.records.states import QUIET_AFTER
from wandb_local.store.database import Database, Row

_CHANGED = (
    "SELECT run_id FROM run_changes WHERE project_id = ?1 AND number > ?2"
    " UNION SELECT id FROM runs WHERE project_id = ?1 AND state IN ('running', 'preempting')"
    " AND heartbeat_at BETWEEN ?3 AND ?4"
)


@dataclass(frozen=True)
class Mark:
    """The state of a check for changes: the number of the last change, and the time, as silence is a change too."""

    number: int
    moment: float


def mark(db: Database, project_id: int) -> Mark:
    """Now."""
    sql = "SELECT coalesce(max(number), 0) FROM run_changes WHERE project_id = ?"
    return Mark(db.value(sql, (project_id,)), CLOCK.now())


def changed(db: Database, project_id: int, since: Mark) -> list[int]:
    """The ids of the runs to show again: those that have changed, were deleted, or have become silent."""
    quiet = (since.moment - SILENT_AFTER, CLOCK.now() - QUIET_AFTER)
    return [row[0] for row in db.rows(_CHANGED, (project_id, since.number, *quiet))]


def states(db: Database, project_id: int) -> Counter[str]:
    """The runs of a project by the state that people see: those that have gone silent are crashed."""
    rows = db.rows("SELECT state, runs FROM run_states WHERE project_id = ?", (project_id,))
    counts = Counter({row["state"]: row["runs"] for row in rows})
    silent = db.rows(
        "SELECT state, ended_state, count(*) AS runs FROM runs WHERE project_id = ?"
        " AND state IN ('running', 'preempting') AND heartbeat_at < clock() - ? GROUP BY state, ended_state",
        (project_id, SILENT_AFTER),
    )
    for row in silent:
        counts[row["state"]] -= row["runs"]
        counts[row["ended_state"] or SILENT[row["state"]]] += row["runs"]
    return counts


def listed_runs(db: Database, ids: Sequence[int]) -> list[Row]:
    """The runs with these ids, in any order, with what a list shows of them and of their sweeps."""
    return db.rows(
        "SELECT runs.id, runs.name, runs.display_name, runs.state, runs.ended_state, runs.heartbeat_at,"
        " runs.created_at, runs.tags, runs.config, runs.summary, runs.history_keys, sweeps.name AS sweep,"
        " sweeps.config AS sweep_config"
        f" FROM runs LEFT JOIN sweeps ON sweeps.id = sweep_id WHERE runs.id IN ({_marks(ids)})",
        ids,
    )


def ids_of(db: Database, project_id: int, names: Sequence[str]) -> set[int]:
    """The ids of the runs with these names."""
    sql = f"SELECT id FROM runs WHERE project_id = ? AND name IN ({_marks(names)})"
    return {row["id"] for row in db.rows(sql, [project_id, *names])}


def names_of(db: Database, ids: Sequence[int]) -> list[str]:
    """The names of the runs with these ids, in this order; deleted runs are left out."""
    names = {row["id"]: row["name"] for row in db.rows(f"SELECT id, name FROM runs WHERE id IN ({_marks(ids)})", ids)}
    return [names[run_id] for run_id in ids if run_id in names]


def find_runs(db: Database, project_id: int, text: str, limit: int) -> list[Row]:
    """The newest runs of a project that have a text in one of their names: ``name`` and ``display_name``."""
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return db.rows(
        "SELECT name, display_name FROM runs WHERE project_id = ?1"
        " AND (display_name LIKE ?2 ESCAPE '\\' OR name LIKE ?2 ESCAPE '\\') ORDER BY created_at DESC LIMIT ?3",
        (project_id, pattern, limit),
    )


def others_with(db: Database, run: Row, key: str, limit: int) -> list[Row]:
    """The newest other runs of the project that have a key, and perhaps a few more, whose text only looks so: names,
    ``summary`` and ``history_keys``."""
    return db.rows(
        "SELECT name, display_name, summary, history_keys FROM runs WHERE project_id = ? AND id != ?"
        " AND (instr(summary, ?) OR instr(history_keys, ?)) ORDER BY id DESC LIMIT ?",
        (run["project_id"], run["id"], key.rpartition(".")[2], json.dumps(key), limit),
    )


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
