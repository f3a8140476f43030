"""Which files a run or an artifact's version has, and under which digests their bytes are stored."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.clock import now
from wandb_local.errors import NotFoundError
from wandb_local.records.query import Query
from wandb_local.store.database import Database, Row

_CHANGES = (
    "WITH old AS (SELECT * FROM artifact_files WHERE artifact_id = ?1),"
    " new AS (SELECT * FROM artifact_files WHERE artifact_id = ?2), changes AS ("
    "SELECT 'removed' AS kind, path, size AS before, NULL AS after FROM old WHERE path NOT IN (SELECT path FROM new)"
    " UNION ALL SELECT 'added', path, NULL, size FROM new WHERE path NOT IN (SELECT path FROM old)"
    " UNION ALL SELECT 'changed', path, old.size, new.size FROM old JOIN new USING (path)"
    " WHERE old.md5 IS NOT new.md5 OR old.ref IS NOT new.ref)"
)


@dataclass(frozen=True)
class StoredFiles:
    """The files of one owner. ``listed`` is a query for the path, the MD5 and the reference of each of them."""

    db: Database
    listed: str
    owner: int
    stored: str = "md5 IS NOT NULL"  # which of them have bytes here
    with_digests: str = ""  # a query for the path and the MD5 of these, if there is one that is faster

    def paths(self) -> Iterator[str]:
        """The paths of all files."""
        return (row["path"] for row in self.db.each(f"SELECT path FROM ({self.listed})", (self.owner,)))

    def paths_with_bytes(self) -> list[str]:
        """The paths of the stored files, without references."""
        sql = f"SELECT json_group_array(path) FROM ({self.listed}) WHERE {self.stored}"
        found: list[str] = json.loads(self.db.value(sql, (self.owner,)))
        return found

    def entry(self, path: str) -> tuple[str | None, str | None]:
        """The digest and the reference of a file; one of them is None, and both if there is no such file."""
        row = self.db.row(f"SELECT md5, ref FROM ({self.listed}) WHERE path = ?", (self.owner, path))
        return (row["md5"], row["ref"]) if row is not None else (None, None)

    def digest(self, path: str) -> str | None:
        """The digest of a file, or None."""
        return self.entry(path)[0]

    def digests(self) -> dict[str, str]:
        """The digest of each file that is stored here, by path."""
        sql = self.with_digests or f"SELECT path, md5 FROM ({self.listed}) WHERE {self.stored}"
        return {path: md5 for path, md5 in self.db.each(sql, (self.owner,))}  # noqa: C416 (is faster)


def of_run(db: Database, run_id: int) -> StoredFiles:
    """The files that a run has uploaded. All have bytes here: a look at each would take ten times as long as the index
    of their names. Their MD5 come in the order in which they lie on the disk, which takes half as long."""
    listed = "SELECT name AS path, md5, NULL AS ref FROM run_files WHERE run_id = ?"
    on_disk = "SELECT name, md5 FROM run_files WHERE id IN (SELECT id FROM run_files WHERE run_id = ?)"
    return StoredFiles(db, listed, run_id, "true", on_disk)


def of_version(db: Database, artifact_id: int) -> StoredFiles:
    """The files of an artifact's version."""
    return StoredFiles(db, "SELECT path, md5, ref FROM artifact_files WHERE artifact_id = ?", artifact_id)


def files_of_run(run_id: int, names: Sequence[str] = (), pattern: str | None = None) -> Query:
    """The files of a run by name, each with its ``size``: those with these ``names``, or whose names fit a regular
    expression, or all."""
    condition, values = "run_id = ?", list[Any]([run_id, *names])
    if names:
        condition += f" AND name IN ({', '.join('?' * len(names))})"
    elif pattern is not None:
        condition += " AND regexp(?, name)"
        values.append(pattern)
    size = "(SELECT size FROM blobs WHERE md5 = run_files.md5) AS size"
    return Query(f"run_files.*, {size}", f"run_files WHERE {condition}", "name", values)


def files_of_version(artifact_id: int, names: Sequence[str] = ()) -> Query:
    """The files of a version by path, references among them; if there are ``names``, only those."""
    named = f" AND path IN ({', '.join('?' * len(names))})" if names else ""
    return Query("*", f"artifact_files WHERE artifact_id = ?{named}", "path", (artifact_id, *names))


def no_file(db: Database, name: str) -> Row:
    """W&B's answer to a name that a run has no file of."""
    return db.rows("SELECT 0 AS id, ? AS name, '0' AS md5, 0 AS size, NULL AS updated_at", (name,))[0]


def count_changes(db: Database, before: int, after: int) -> dict[str, int]:
    """How many files of two versions differ in content or address, by kind: ``added``, ``removed``, ``changed``."""
    return dict(map(tuple, db.rows(f"{_CHANGES} SELECT kind, count(*) FROM changes GROUP BY kind", (before, after))))


def list_changes(db: Database, before: int, after: int, limit: int) -> list[Row]:
    """The first of these files by path: ``kind``, ``path``, and the sizes ``before`` and ``after``."""
    return db.rows(f"{_CHANGES} SELECT * FROM changes ORDER BY path LIMIT ?3", (before, after, limit))


def newest_ids(db: Database) -> tuple[int | None, int | None]:
    """The ids of the newest file of a run and of the newest place of a version: others once something has come in."""
    files, places = db.rows("SELECT (SELECT max(id) FROM run_files), (SELECT max(id) FROM memberships)")[0]
    return files, places


def keep_run_file(connection: sqlite3.Connection, run_id: int, name: str, md5: str) -> None:
    """Give a run a file whose bytes are stored; a file of that name is replaced.

    Raises:
        NotFoundError: the run has been deleted.
    """
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone() is None:
        raise NotFoundError("the run of this file has been deleted")
    connection.execute(
        "INSERT INTO run_files (run_id, name, md5, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT (run_id, name)"
        " DO UPDATE SET md5 = excluded.md5, updated_at = excluded.updated_at",
        (run_id, name, md5, now()),
    )


def delete_run_file(connection: sqlite3.Connection, file_id: int) -> None:
    """Take a file from its run; ``gc`` deletes the bytes if nothing else refers to them."""
    connection.execute("DELETE FROM run_files WHERE id = ?", (file_id,))
