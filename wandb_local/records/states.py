"""The state of a run as its readers see it, and what is silent for how long."""

from wandb_local.clock import CLOCK
from wandb_local.records.searchable import SILENT, SILENT_AFTER
from wandb_local.store.database import Row

QUIET_AFTER = 65.0  # seconds in which two of the client's signs of life, one every 30 seconds, did not come
UNDER_WAY = ("pending", "running", "preempting", "preempted")  # states of a run that has not come to its end


def state(row: Row) -> str:
    """The state that a client sees: a running run that has not been heard of for five minutes has crashed, and one that
    had said that it is being preempted is preempted. One that a writer had joined after its end is as it was before."""
    told = str(row["state"])
    if told in SILENT and CLOCK.now() - row["heartbeat_at"] > SILENT_AFTER:
        return str(row["ended_state"] or SILENT[told])
    return told


def quiet(row: Row) -> str:
    """What to say beside the state of a run that should be alive and was not heard of for a while, or nothing."""
    seconds = CLOCK.now() - row["heartbeat_at"]
    alive = row["state"] in SILENT and QUIET_AFTER < seconds <= SILENT_AFTER
    return f"no sign of life for {seconds:.0f} s" if alive else ""
