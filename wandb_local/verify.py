"""Check that a data folder is undamaged: every page, row, manifest and blob. Its server may be running."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from wandb_local.errors import ClientError
from wandb_local.records.artifacts.manifest import Manifest
from wandb_local.store.folder import DataFolder

_USERS = """SELECT 'run ' || entity || '/' || projects.name || '/' || runs.name || ', file ' || run_files.name
        FROM run_files JOIN runs ON runs.id = run_id JOIN projects ON projects.id = project_id WHERE md5 = :md5
    UNION ALL SELECT 'artifact ' || entity || '/' || projects.name || '/' || collections.name || ':v' || version
        || ', file ' || path FROM artifact_files JOIN artifacts ON artifacts.id = artifact_id
        JOIN collections ON collections.id = collection_id JOIN projects ON projects.id = collections.project_id
        WHERE md5 = :md5
    UNION ALL SELECT 'artifact ' || entity || '/' || projects.name || '/' || collections.name || ':v' || version
        || ', its manifest' FROM manifests JOIN artifacts ON artifacts.id = artifact_id
        JOIN collections ON collections.id = collection_id JOIN projects ON projects.id = collections.project_id
        WHERE md5 = :md5 AND state = 'COMMITTED'"""
_VERSIONS = """SELECT artifacts.id,
        entity || '/' || projects.name || '/' || collections.name || ':v' || version AS name,
        (SELECT md5 FROM manifests WHERE artifact_id = artifacts.id AND md5 IS NOT NULL ORDER BY id DESC LIMIT 1) AS md5
    FROM artifacts JOIN collections ON collections.id = collection_id
        JOIN projects ON projects.id = collections.project_id WHERE state = 'COMMITTED' ORDER BY artifacts.id"""
_LOST = """SELECT md5 FROM artifact_files WHERE md5 IS NOT NULL UNION SELECT md5 FROM run_files
    UNION SELECT md5 FROM manifests WHERE md5 IS NOT NULL EXCEPT SELECT md5 FROM blobs"""
_CHUNK = 1 << 20


def faults(folder: DataFolder, *, set_aside: bool = False) -> Iterator[str]:
    """One line for each thing that is damaged, with the runs and artifact versions that it belongs to.

    Args:
        folder: the data folder.
        set_aside: whether the files of damaged blobs are moved to ``damaged/``, where nobody reads them. A blob without
            a file is stored again when its bytes are logged again.
    """
    with contextlib.closing(open_records(folder.database)) as records:
        try:
            broken = [f"records: {row[0]}" for row in records.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            broken += [
                f"records: a row of the table {row[0]} refers to a missing row"
                for row in records.execute("PRAGMA foreign_key_check")
            ]
            yield from broken
            yield from _blob_faults(folder, records, set_aside)
            yield from _manifest_faults(folder, records)
        except sqlite3.DatabaseError as error:
            yield f"records: {error}; the records after it were not checked"


def open_records(path: Path) -> sqlite3.Connection:
    """The records, opened for reading only; the server may write to them meanwhile.

    Raises:
        ValueError: there are no records.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such file; give the server's data folder as --data")
    records = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)
    try:
        records.execute("PRAGMA schema_version")
    except sqlite3.OperationalError:  # no room for the index that servers share: no server runs, or it would be there
        records.close()
        records = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=30)
        records.execute("PRAGMA locking_mode=EXCLUSIVE")  # keeps the index in memory
    records.row_factory = sqlite3.Row
    return records


def is_intact(path: Path, md5: str, size: int) -> bool:
    """Whether a file has the size and the MD5 of its blob."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        if path.stat().st_size != size:
            return False
        with path.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == md5


def bar(blobs: Iterable[sqlite3.Row], doing: str) -> Iterator[sqlite3.Row]:
    """The blobs, with a progress bar of their bytes if stderr is a terminal."""
    blobs = list(blobs)
    total = sum(blob["size"] for blob in blobs)
    with tqdm(total=total, desc=doing, unit="B", unit_scale=True, disable=None, leave=False) as progress:
        for blob in blobs:
            yield blob
            progress.update(blob["size"])


def _blob_faults(folder: DataFolder, records: sqlite3.Connection, set_aside: bool) -> Iterator[str]:
    for blob in bar(records.execute("SELECT md5, size FROM blobs ORDER BY md5"), "verify"):
        path = folder.blob(blob["md5"])
        if is_intact(path, blob["md5"], blob["size"]) or not _is_recorded(records, blob["md5"]):  # gc came between
            continue
        flaw = "is damaged" if path.exists() else "is gone"
        if set_aside and path.exists():
            (folder.root / "damaged").mkdir(exist_ok=True)
            path.replace(folder.root / "damaged" / blob["md5"])
        yield from _named(records, blob["md5"], flaw)
    for blob in records.execute(_LOST).fetchall():
        yield from _named(records, blob["md5"], "its blob is not recorded")


def _is_recorded(records: sqlite3.Connection, md5: str) -> bool:
    return records.execute("SELECT 1 FROM blobs WHERE md5 = ?", (md5,)).fetchone() is not None


def _named(records: sqlite3.Connection, md5: str, flaw: str) -> Iterator[str]:
    users = [row[0] for row in records.execute(_USERS, {"md5": md5})]
    yield from (f"{user}: {flaw} (blob {md5})" for user in users or ["a blob that nothing refers to"])


def _manifest_faults(folder: DataFolder, records: sqlite3.Connection) -> Iterator[str]:
    for version in records.execute(_VERSIONS).fetchall():
        path = folder.blob(version["md5"]) if version["md5"] else None
        if path is None:
            yield f"artifact {version['name']}: it has no manifest"
        elif path.is_file():
            sql = "SELECT path, md5 FROM artifact_files WHERE artifact_id = ?"
            files = {row["path"]: row["md5"] for row in records.execute(sql, (version["id"],))}
            with contextlib.suppress(ClientError):  # cannot be read: its blob is named already
                entries = Manifest.read(path).entries
                if {name: entry.md5 for name, entry in entries.items()} != files:
                    yield f"artifact {version['name']}: its manifest and its records list different files"
