"""SQLite records: one connection per thread, one writer at a time, migrations by schema version.

Write-ahead logging with ``synchronous=NORMAL``: a committed transaction survives a kill of the process at any time. It
survives a power cut after the next sync. The sync is not done at each commit, so that requests can share one.
"""

import contextlib
import itertools
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import re2

from wandb_local import jsons
from wandb_local.clock import CLOCK
from wandb_local.documents import column_names
from wandb_local.limits import BUDGET
from wandb_local.store.durable import Unsettled
from wandb_local.store.migrations import MIGRATIONS

Row = sqlite3.Row
_CHECKED = 1 << 30  # bytes
_STEPS = 100_000  # of SQLite, a millisecond or so, between two looks at the clock
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "trusted_schema=ON")  # triggers call functions
_PAGE = 1 << 14  # bytes; seven rows of two kilobytes fill one


class Database:
    """Records in one SQLite file. Safe to use from many threads.

    With ``alone``, one thread of this process is all that uses the file: it then needs no room for an index beside it,
    so that ``gc`` can work on a full disk.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self._locking = "EXCLUSIVE" if alone else "NORMAL"
        self.unsettled = Unsettled()
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._local = threading.local()
        self._writer = threading.RLock()
        self._connections: list[sqlite3.Connection] = []
        try:
            self._check()
            self._migrate()
        except sqlite3.DatabaseError as error:
            self.close()
            if isinstance(error, sqlite3.OperationalError):  # a lock, a full disk: the file may be sound
                raise
            raise ValueError(
                f"{path}: the database is damaged ({error}); move the data folder away and restore a backup by"
                " `python -m wandb_local restore BACKUP`; `sqlite3 records.sqlite3 .recover` saves what is readable"
            ) from None
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        """Look at each page, which takes a second a gigabyte; more than that is left to ``verify``.

        Raises:
            sqlite3.DatabaseError: one is damaged.
        """
        if self._path.exists() and self._path.stat().st_size <= _CHECKED:
            found = self._connection().execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found.splitlines()[-1])

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.row_factory = Row
            connection.set_progress_handler(BUDGET.spent, _STEPS)
            connection.create_function("clock", 0, CLOCK.now)
            connection.create_function("regexp", 2, _regexp, deterministic=True)
            connection.create_function("column_names", 2, column_names, deterministic=True)
            connection.create_function("lookup", 2, _lookup, deterministic=True)
            connection.create_function("lookup_config", 2, _lookup_config, deterministic=True)
            for pragma in (f"locking_mode={self._locking}", f"page_size={_PAGE}", *_PRAGMAS):
                connection.execute(f"PRAGMA {pragma}")
            self._local.connection = connection
            with self._writer:
                self._connections.append(connection)
        return connection

    def _migrate(self) -> None:
        self._connection().execute("PRAGMA foreign_keys=OFF")  # dropping a table must not delete what refers to it
        with self.write() as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > len(MIGRATIONS):
                raise ValueError(
                    f"{self._path}: schema {version} is newer than that of this server ({len(MIGRATIONS)}); update "
                    "wandb_local"
                )
            for statement in itertools.chain(*MIGRATIONS[version:]):
                connection.execute(statement)
            if version < len(MIGRATIONS):  # a full disk opens, as long as there is nothing to write
                connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
            if version < len(MIGRATIONS) and (lost := connection.execute("PRAGMA foreign_key_check").fetchall()):
                raise ValueError(
                    f"{self._path}: after the update {len(lost)} records would refer to missing records; the update "
                    "was undone"
                )
        self._connection().execute("PRAGMA foreign_keys=ON")
        if 0 < version < len(MIGRATIONS):
            self._compact()

    def _compact(self) -> None:
        """Free the space that a migration has left empty, and use the current page size. It may be done later."""
        with contextlib.suppress(sqlite3.OperationalError):  # somebody is reading, or the disk is full
            for statement in ("PRAGMA journal_mode=DELETE", f"PRAGMA page_size={_PAGE}", "VACUUM"):
                self._connection().execute(statement)
        self._connection().execute("PRAGMA journal_mode=WAL")

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is stored, or nothing. Nested use joins the outer transaction."""
        with self._writer:
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
                self.unsettled.note(self._log)
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return self._connection().execute(sql, parameters).fetchall()

    def each(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """The rows of a query one by one: more than the memory should hold at once."""
        return iter(self._connection().execute(sql, parameters))

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        row: Row | None = self._connection().execute(sql, parameters).fetchone()
        return row

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, parameters)
        return None if row is None else row[0]

    def close(self) -> None:
        """Close all connections; no other thread may be using them."""
        with self._writer:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._local = threading.local()


def _regexp(pattern: str, value: object) -> bool:
    """RE2 takes time in proportion to the value, whatever the pattern, so that no filter can hold the server."""
    return value is not None and re2.search(pattern, str(value)) is not None


def _lookup(document: str, key: str) -> str | float | None:
    """``jsons.lookup``, with the same answers as SQLite's own JSON functions."""
    return _as_sql(jsons.lookup(jsons.loads(document), key))


def _lookup_config(document: str, key: str) -> str | float | None:
    """The same for a config, whose values stand under ``value``: a key may name that or leave it out."""
    entries = jsons.loads(document)
    values = {name: entry.get("value") for name, entry in entries.items() if isinstance(entry, dict)}
    readings = ((values, key), (entries, key), (values, key.removesuffix(".value")))
    found = (jsons.lookup(record, name) for record, name in readings)
    return _as_sql(next((value for value in found if value is not None), None))


def _as_sql(value: Any) -> str | float | None:
    if isinstance(value, dict | list):
        return jsons.dumps(value)
    known: str | float | None = value
    return float(value) if isinstance(value, int) and abs(value) >= 1 << 63 else known
