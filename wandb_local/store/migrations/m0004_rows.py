"""The streams of runs in tables with row ids.

A table WITHOUT ROWID keeps at most a quarter of a page of a row in place, so that a row of 2,050 bytes took 9.3 kB: the
rest went to a page of its own.
"""

from collections.abc import Iterator

_COLUMNS = {
    "history": "number INTEGER NOT NULL, step INTEGER NOT NULL, line TEXT NOT NULL",
    "events": "number INTEGER NOT NULL, line TEXT NOT NULL",
    "console": "number INTEGER NOT NULL, line TEXT NOT NULL",
}


def _renew(table: str, columns: str) -> Iterator[str]:
    yield (
        f"CREATE TABLE new_{table} (run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, {columns},"
        " UNIQUE (run_id, number))"
    )
    yield f"INSERT INTO new_{table} SELECT * FROM {table}"
    yield f"DROP TABLE {table}"
    yield f"ALTER TABLE new_{table} RENAME TO {table}"


STATEMENTS: tuple[str, ...] = (
    *(statement for table, columns in _COLUMNS.items() for statement in _renew(table, columns)),
    "CREATE INDEX history_by_step ON history (run_id, step, number)",
)
