"""How many runs a list has, and in which states; nothing is counted, all of it is kept."""

from wandb_local.records.listing import states
from wandb_local.records.projects import total_runs
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
