"""Write a run as plain files, for an archive or for another server."""

import contextlib
import errno
import hashlib
import json
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from wandb_local import jsons
from wandb_local.errors import NotFoundError
from wandb_local.store.folder import DataFolder
from wandb_local.verify import is_intact, open_records

_JSON = ("config", "summary", "tags")
_PLAIN = ("name", "display_name", "state", "notes", "group_name", "job_type", "host", "program", "exitcode")
_TIMES = ("created_at", "updated_at", "heartbeat_at")
_STREAMS = (("history", "history.jsonl"), ("events", "events.jsonl"), ("console", "output.log"))
_VERSIONS = (
    "SELECT artifacts.*, collections.name, entity, projects.name AS project, artifact_types.name AS type, direction"
    " FROM run_artifacts JOIN artifacts ON artifacts.id = artifact_id"
    " JOIN collections ON collections.id = collection_id JOIN artifact_types ON artifact_types.id = type_id"
    " JOIN projects ON projects.id = collections.project_id"
    " WHERE run_artifacts.run_id = ? AND artifacts.state = 'COMMITTED' ORDER BY artifacts.id, direction"
)
_NO_PLACE = {  # what a file system says of a name that it cannot have, also beside the names that it has already
    *(errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ)
}


@dataclass
class Export:
    """What came of an export: how many files and versions, those that lie elsewhere, and those whose bytes are lost."""

    folder: Path
    files: int = 0
    versions: int = 0
    renamed: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def export_run(data: DataFolder, path: str, target: Path, *, artifacts: bool = True) -> Export:
    """Write ``run.json``, ``history.jsonl``, ``events.jsonl``, ``output.log`` and ``files/`` of ``entity/project/run``,
    and the versions that the run logged and used as ``artifacts/NAME-vN/``. A server may be running on the data folder.

    The target is there as a whole or, if something fails, not at all. A file whose name this disk cannot have lies in
    ``renamed/``; one whose blob is gone or damaged is left out. ``run.json`` lists both.

    Raises:
        NotFoundError: there is no such run.
        FileExistsError: the target exists.
    """
    target = target.expanduser().absolute()
    with contextlib.closing(open_records(data.database)) as records:
        run = _find(records, path)
        if target.exists() or target.is_symlink():
            raise FileExistsError(f"{target}: the folder already exists; give a new folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        work = target.with_name(f".export-{secrets.token_hex(4)}")  # short: the target's own name may be the longest
        work.mkdir()
        try:
            done = Export(work)
            _write_all(data, records, run, done, artifacts)
            work.rename(target)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    done.folder = target
    return done


def _find(records: sqlite3.Connection, path: str) -> sqlite3.Row:
    sql = "SELECT runs.* FROM runs JOIN projects ON projects.id = project_id"
    sql += " WHERE (entity, projects.name, runs.name) = (?, ?, ?)"
    parts = path.split("/")
    run: sqlite3.Row | None = records.execute(sql, parts).fetchone() if len(parts) == 3 else None
    if run is None:
        raise NotFoundError(f"there is no run {path!r}; give ENTITY/PROJECT/RUN")
    return run


def _write_all(data: DataFolder, records: sqlite3.Connection, run: sqlite3.Row, done: Export, artifacts: bool) -> None:
    for table, name in _STREAMS:
        with (done.folder / name).open("w", encoding="utf-8") as handle:
            sql = f"SELECT line FROM {table} WHERE run_id = ? ORDER BY number"
            for row in records.execute(sql, (run["id"],)):
                line = row["line"] if table == "console" else jsons.strict(row["line"])
                handle.write(f"{line.rstrip()}\n")
    files = "SELECT name, md5, size FROM run_files LEFT JOIN blobs USING (md5) WHERE run_id = ? ORDER BY name DESC"
    done.files = sum(_write(data, done, f"files/{row['name']}", row) for row in records.execute(files, (run["id"],)))
    versions = list(_versions(records, run["id"]))
    if artifacts:
        _write_versions(data, records, versions, done)
    record: dict[str, Any] = {name: run[name] for name in (*_PLAIN, *_TIMES)}
    record.update({name: json.loads(run[name]) for name in _JSON})
    record |= {"artifacts": [version for _, version in versions], "renamed": done.renamed, "lost": done.lost}
    (done.folder / "run.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _versions(records: sqlite3.Connection, run_id: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The versions, by record number, as ``run.json`` lists them: one that was used and logged stands there twice."""
    folders: dict[str, int] = {}
    for row in records.execute(_VERSIONS, (run_id,)).fetchall():
        name = f"{row['name']}-v{row['version']}"
        if folders.setdefault(name, row["id"]) != row["id"]:  # of another project
            name = f"{row['entity']}.{row['project']}.{name}"
        sql = "SELECT path, ref FROM artifact_files WHERE artifact_id = ? AND ref IS NOT NULL"
        yield (
            row["id"],
            {
                "name": f"{row['name']}:v{row['version']}",
                "project": f"{row['entity']}/{row['project']}",
                **{key: row[key] for key in ("type", "digest", "direction", "description")},
                "metadata": jsons.loads(row["metadata"] or "null"),
                "references": {entry["path"]: entry["ref"] for entry in records.execute(sql, (row["id"],))},
                "folder": f"artifacts/{name}",
            },
        )


def _write_versions(
    data: DataFolder, records: sqlite3.Connection, versions: list[tuple[int, dict[str, Any]]], done: Export
) -> None:
    sql = "SELECT path, md5, blobs.size FROM artifact_files LEFT JOIN blobs USING (md5)"
    sql += " WHERE artifact_id = ? AND md5 IS NOT NULL ORDER BY path DESC"
    for number, folder in {number: version["folder"] for number, version in versions}.items():
        (done.folder / folder).mkdir(parents=True)
        for row in records.execute(sql, (number,)):
            _write(data, done, f"{folder}/{row['path']}", row)
        done.versions += 1


def _write(data: DataFolder, done: Export, name: str, blob: sqlite3.Row) -> bool:
    """Copy a blob to its place, or where this disk can have it. Names come in descending order, so that ``a/b`` finds
    its folder and ``a``, which a store of names can have beside it, is the one to move."""
    path = done.folder / name  # a relative path that does not point upwards: checked when it came in
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("xb").close()
    except OSError as error:
        if error.errno not in _NO_PLACE:
            raise
        path = done.folder / "renamed" / (hashlib.sha256(name.encode()).hexdigest()[:16] + _suffix(name))
        path.parent.mkdir(exist_ok=True)
        done.renamed[name] = path.relative_to(done.folder).as_posix()
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(data.blob(blob["md5"]), path)
    if blob["size"] is not None and is_intact(path, blob["md5"], blob["size"]):
        return True
    path.unlink(missing_ok=True)
    done.renamed.pop(name, None)
    done.lost.append(name)
    return False


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return suffix if len(suffix) < 16 and suffix[1:].isascii() and suffix[1:].isalnum() else ""
