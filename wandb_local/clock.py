"""How long a run has been silent, by a clock that counts only while the server is awake.

The wall clock may jump: the machine sleeps, the server is stopped and started again, or somebody sets the time. A run
must not count as silent because of such a jump. The stored times are wall-clock times, which people read. After a jump,
the last heartbeats of the runs and agents that were alive before it are moved by its length.
"""

import sqlite3
import threading
import time
from contextlib import AbstractContextManager
from typing import Protocol

LONGEST = 60.0  # seconds between two looks at the clock; a server that is awake looks twice as often
_LEAP = 1.0  # seconds; what is less is the slow correction of a clock
_ALIVE = 300.0  # seconds; who has been silent for longer stays silent


class Records(Protocol):
    """The store of the heartbeats: `wandb_local.store.database.Database`."""

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """The one writer."""
        ...


class Clock:
    """The wall clock, corrected for jumps that a server has seen; without a server it is the plain wall clock."""

    def __init__(self) -> None:
        self._seen: tuple[float, float] | None = None
        self._guard = threading.Lock()

    def now(self) -> float:
        """Seconds since 1970; not a leap further than the server has seen itself awake."""
        if self._seen is None:
            return time.time()
        counted, wall = self._seen
        return wall + min(time.monotonic() - counted, LONGEST)

    def follow(self, db: Records, since: float | None = None) -> None:
        """Read the wall clock, and move the last heartbeats if it has jumped. If the disk is full, this is done later.

        Args:
            db: the records.
            since: the time of the last reading by the server before, for the first reading of this one.
        """
        with self._guard:
            expected, seen = self.now() if since is None else since, (time.monotonic(), time.time())
            leap = seen[1] - expected
            try:
                if abs(leap) > _LEAP:
                    _move(db, leap, min(expected, seen[1]) - _ALIVE, seen[1])
            except sqlite3.OperationalError:
                if self._seen is not None:
                    return
            self._seen = seen


def _move(db: Records, leap: float, alive_since: float, latest: float) -> None:
    with db.write() as connection:
        for table, living in (("runs", "state IN ('running', 'preempting')"), ("agents", "TRUE")):
            sql = f"UPDATE {table} SET heartbeat_at = min(heartbeat_at + ?, ?) WHERE {living} AND heartbeat_at > ?"
            connection.execute(sql, (leap, latest, alive_since))


CLOCK = Clock()  # of this process, which serves one folder


def now() -> float:
    """Seconds since 1970, the unit of all stored times."""
    return time.time()
