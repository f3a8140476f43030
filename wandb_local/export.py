"""A run as plain files: for an archive, or to leave this server."""

import json
import shutil
from pathlib import Path
from typing import Any

from wandb_local import jsons
from wandb_local.blobs import BlobStore
from wandb_local.database import Database, Row
from wandb_local.errors import NotFoundError
from wandb_local.folder import DataFolder

_JSON = ("config", "summary", "tags")
_PLAIN = ("name", "display_name", "state", "notes", "group_name", "job_type", "host", "program", "exitcode")
_TIMES = ("created_at", "updated_at", "heartbeat_at")


def export_run(folder: DataFolder, path: str, target: Path) -> int:
    """Write ``run.json``, ``history.jsonl``, ``events.jsonl``, ``output.log`` and ``files/`` of ``entity/project/run``;
    the number of files. A server may be running on the data folder.

    Raises:
        NotFoundError: there is no such run.
        FileExistsError: the target exists.
    """
    database = Database(folder.database)
    try:
        run = _find(database, path)
        target.mkdir(parents=True)
        _write_records(database, run, target)
        return _write_files(database, BlobStore(folder, database), run["id"], target / "files")
    finally:
        database.close()


def _find(database: Database, path: str) -> Row:
    sql = "SELECT runs.* FROM runs JOIN projects ON projects.id = project_id"
    sql += " WHERE (entity, projects.name, runs.name) = (?, ?, ?)"
    parts = path.split("/")
    run = database.row(sql, parts) if len(parts) == 3 else None
    if run is None:
        raise NotFoundError(f"no run {path!r}: give ENTITY/PROJECT/RUN")
    return run


def _write_records(database: Database, run: Row, target: Path) -> None:
    record: dict[str, Any] = {name: run[name] for name in (*_PLAIN, *_TIMES)}
    record.update({name: json.loads(run[name]) for name in _JSON})
    record["artifacts"] = [
        {"name": f"{row['name']}:v{row['version']}", "digest": row["digest"], "direction": row["direction"]}
        for row in database.rows(
            "SELECT collections.name, version, digest, direction FROM run_artifacts"
            " JOIN artifacts ON artifacts.id = artifact_id JOIN collections ON collections.id = collection_id"
            " WHERE run_artifacts.run_id = ?",
            (run["id"],),
        )
    ]
    (target / "run.json").write_text(json.dumps(record, indent=2) + "\n")
    for table, name in (("history", "history.jsonl"), ("events", "events.jsonl"), ("console", "output.log")):
        rows = database.rows(f"SELECT line FROM {table} WHERE run_id = ? ORDER BY number", (run["id"],))
        lines = [row["line"] if table == "console" else jsons.strict(row["line"]) for row in rows]
        (target / name).write_text("".join(f"{line.rstrip()}\n" for line in lines))


def _write_files(database: Database, blobs: BlobStore, run_id: int, target: Path) -> int:
    rows = database.rows("SELECT name, md5 FROM run_files WHERE run_id = ?", (run_id,))
    for row in rows:
        path = target / row["name"]  # a relative path that does not point upwards: checked when it came in
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(blobs.path(row["md5"]), path)
    return len(rows)
