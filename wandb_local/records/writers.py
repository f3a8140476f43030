"""Several writers of one run (``mode="shared"``): each counts its own lines, and knows only its own config and summary.

A client says in the headers of its requests that it is one of several, and which.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local import jsons


def name_of(headers: Mapping[str, str]) -> str:
    """Which of a run's writers has sent a request; empty if the run has one writer."""
    if headers.get("x-wandb-use-async-filestream") != "true":
        return ""
    return (headers.get("x-wandb-async-client-id") or headers.get("x-wandb-client-id") or "unnamed")[:128]


def is_primary(config: str | None) -> bool:
    """Whether a config comes from the primary writer: that one alone describes its machine in it.

    A writer that may not end the run (``x_update_finish_state=False``) never says that it has gone, and no writer says
    at first whether it is the primary. So a run that a writer joins after its end keeps that end in reserve.
    """
    own = jsons.loads(config or "{}").get("_wandb")
    value = own.get("value") if isinstance(own, dict) else None
    return isinstance(value, dict) and bool(value.get("e"))


def placed(
    connection: sqlite3.Connection, run_id: int, stream: str, writer: str, offset: int, lines: Sequence[str]
) -> tuple[int, list[tuple[int, str]]]:
    """Give each line of a writer its number in the run's stream; a line that the writer sends again keeps its number.

    Answers the lines with their numbers, and the number from which on they are new: behind all lines that are there.
    """
    end = connection.execute(f"SELECT max(number) FROM {stream} WHERE run_id = ?", (run_id,)).fetchone()[0]
    first = free = max(-1 if end is None else end, -1) + 1
    seen = "SELECT line, number FROM shared_lines WHERE (run_id, stream, writer) = (?, ?, ?) AND line >= ? AND line < ?"
    numbers = dict(map(tuple, connection.execute(seen, (run_id, stream, writer, offset, offset + len(lines)))))
    for line in range(offset, offset + len(lines)):
        free += numbers.setdefault(line, free) == free
    new = [(run_id, stream, writer, line, number) for line, number in numbers.items() if number >= first]
    connection.executemany("INSERT INTO shared_lines VALUES (?, ?, ?, ?, ?)", new)
    return first, [(numbers[offset + place], line) for place, line in enumerate(lines)]


def joined(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Both objects as one, and the objects in them; where they differ the given one counts."""
    both = {
        key: joined(known[key], value) if isinstance(value, dict) and isinstance(known.get(key), dict) else value
        for key, value in given.items()
    }
    return {**known, **both}
