"""How many runs a list has, and in which states; nothing is counted, all of it is kept."""

from collections import Counter

from wandb_local.records.projects import total_runs
from wandb_local.records.searchable import SILENT, SILENT_AFTER
from wandb_local.store.database import Database
from wandb_local.web.project.order import Order

_STATES = ("running", "preempting", "preempted", "pending", "finished", "failed", "crashed", "killed")


def count_text(db: Database, order: Order) -> str:
    """How many runs there are, and how many of them fit what is asked."""
    total, fitting = total_runs(db, order.asked.project_id), len(order)
    whole = f"{total:,} {'run' if total == 1 else 'runs'}"
    return whole if fitting == total else f"{fitting:,} of {whole}"


def states_text(db: Database, project_id: int) -> str:
    """How many runs are in which state."""
    counts = states(db, project_id)
    return " · ".join(f"{counts[state]:,} {state}" for state in _STATES if counts[state] > 0)


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
