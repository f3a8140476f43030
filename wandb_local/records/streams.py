"""Messages of a running script other than history: system metrics, summary, console, alerts."""

import json
import sqlite3
from collections.abc import Sequence

from wandb_local import jsons
from wandb_local.clock import now
from wandb_local.records.branches import branch_point
from wandb_local.records.history import new_lines, parse_row
from wandb_local.store.database import Row


def append_events(connection: sqlite3.Connection, run_id: int, offset: int, lines: Sequence[str]) -> None:
    """Replace the system metrics from ``offset`` on; see ``new_lines`` for those that are stored already."""
    offset, lines = new_lines(connection, "events", run_id, offset, lines)
    if not lines:
        return
    connection.execute("DELETE FROM events WHERE run_id = ? AND number >= ?", (run_id, offset))
    rows = [(run_id, offset + number, line) for number, line in enumerate(lines)]
    connection.executemany("INSERT INTO events (run_id, number, line) VALUES (?, ?, ?)", rows)
    latest = jsons.dumps(parse_row(lines[-1]))
    connection.execute(
        "UPDATE runs SET events_lines = ?, system_metrics = ? WHERE id = ?", (offset + len(lines), latest, run_id)
    )


def replace_summary(connection: sqlite3.Connection, run: Row, lines: Sequence[str], writer: str) -> None:
    """The client sends the whole summary each time, but knows nothing of what a fork has inherited, or of what other
    writers of the run have put there."""
    if lines:
        others = json.loads(run["summary"]) if writer or branch_point(run["config"]) else {}
        summary = jsons.dumps(others | jsons.whole(parse_row(lines[-1])))
        connection.execute("UPDATE runs SET summary = ? WHERE id = ?", (summary, run["id"]))


def overwrite_console(connection: sqlite3.Connection, run_id: int, offset: int, lines: Sequence[str]) -> None:
    """Console lines replace those at their place only: a progress bar rewrites an old line while later ones stay."""
    rows = [(run_id, offset + number, line) for number, line in enumerate(lines)]
    connection.executemany("INSERT OR REPLACE INTO console (run_id, number, line) VALUES (?, ?, ?)", rows)
    connection.execute("UPDATE runs SET log_lines = max(log_lines, ?) WHERE id = ?", (offset + len(lines), run_id))


def note_alert(connection: sqlite3.Connection, run_id: int, title: str, text: str, severity: str) -> None:
    """Keep an alert of a script."""
    sql = "INSERT INTO alerts (run_id, title, text, severity, created_at) VALUES (?, ?, ?, ?, ?)"
    connection.execute(sql, (run_id, title, text, severity, now()))
