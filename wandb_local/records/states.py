"""The state of a run: as its client says, and as its readers see it once the client is silent."""

import sqlite3

from wandb_local.clock import CLOCK, now
from wandb_local.records.searchable import SILENT, SILENT_AFTER
from wandb_local.store.database import Row

QUIET_AFTER = 65.0  # seconds in which two of the client's signs of life, one every 30 seconds, did not come
UNDER_WAY = ("pending", "running", "preempting", "preempted")  # states of a run that has not come to its end
_AT_THE_END = (
    "CASE WHEN ended_state IS NOT NULL THEN ended_state WHEN state = 'killed' THEN state"
    " WHEN ? = 0 THEN 'finished' WHEN stopped != 0 THEN 'killed'"
    " WHEN state IN ('preempting', 'preempted') THEN 'preempted' ELSE 'failed' END"
)
_UNDER_WAY = "CASE WHEN state IN ('killed', 'preempting', 'preempted') THEN state ELSE ? END"


def state(row: Row) -> str:
    """The state that a client sees: a running run that has not been heard of for five minutes has crashed, and one that
    had said that it is being preempted is preempted. One that a writer had joined after its end is as it was before."""
    told = str(row["state"])
    if told in SILENT and CLOCK.now() - row["heartbeat_at"] > SILENT_AFTER:
        return str(row["ended_state"] or SILENT[told])
    return told


def quiet(row: Row) -> str:
    """A note on a run that should be alive but has been silent for a while; empty otherwise."""
    seconds = CLOCK.now() - row["heartbeat_at"]
    alive = row["state"] in SILENT and QUIET_AFTER < seconds <= SILENT_AFTER
    return f"no sign of life for {seconds:.0f} s" if alive else ""


def note_under_way(connection: sqlite3.Connection, run_id: int, *, preempting: bool) -> None:
    """Note a sign of life. What a killed or preempted run still has to say does not bring it back to life; resuming it
    does."""
    sql = f"UPDATE runs SET state = {_UNDER_WAY}, started = 1, heartbeat_at = ? WHERE id = ?"
    connection.execute(sql, ("preempting" if preempting else "running", now(), run_id))


def note_end(connection: sqlite3.Connection, run_id: int, exitcode: int) -> None:
    """Note that a run has ended. The client says once that its run is being preempted: unless the run then ends well,
    it has been (W&B's rule)."""
    moment = now()
    connection.execute(
        f"UPDATE runs SET state = {_AT_THE_END}, exitcode = CASE WHEN ended_state IS NULL THEN ? ELSE exitcode END,"
        " ended_state = NULL, started = 1, heartbeat_at = ?, updated_at = ? WHERE id = ?",
        (exitcode, exitcode, moment, moment, run_id),
    )
