"""Looking after a data folder: what is in it, and blobs that nothing refers to."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wandb_local import __version__
from wandb_local.artifacts import lifetime
from wandb_local.context import Services
from wandb_local.graphql.common import now

_COUNTED = ("projects", "runs", "history", "sweeps", "agents", "artifacts WHERE state = 'COMMITTED'", "blobs")


def summary(services: Services) -> dict[str, Any]:
    """The number of records of each kind and the bytes of all blobs."""
    counts = {table.split()[0]: services.db.value(f"SELECT count(*) FROM {table}") for table in _COUNTED}
    size = services.db.value("SELECT coalesce(sum(size), 0) FROM blobs")
    return {"server": "wandb_local", "version": __version__, "counts": counts, "blob_bytes": size}


def collect_garbage(services: Services, grace: float, *, dry_run: bool = False) -> dict[str, int]:
    """Delete uploads and versions that were begun and not ended, versions that have outlived their time-to-live, then
    blobs that no run file and no version refers to, and files among the blobs that no record knows, which a kill at the
    wrong moment leaves.

    What is younger than ``grace`` seconds stays: it may belong to an upload that is under way. With ``dry_run`` all is
    counted and nothing deleted.
    """
    limit = now() - grace
    uploads = services.blobs.stale_parts(limit)
    with services.db.write() as connection:
        connection.execute("SAVEPOINT before")
        abandoned = connection.execute("DELETE FROM artifacts WHERE state = 'PENDING' AND updated_at < ?", (limit,))
        expired = lifetime.delete_expired(connection, now())
        unused = connection.execute(_UNUSED, (limit,)).fetchall()
        known = {row["md5"] for row in connection.execute("SELECT md5 FROM blobs").fetchall()}
        strays = [path for path in services.blobs.files_before(limit) if "".join(path.parts[-2:]) not in known]
        connection.executemany("DELETE FROM blobs WHERE md5 = ?", [(row["md5"],) for row in unused])
        size = sum(row["size"] for row in unused) + sum(path.stat().st_size for path in (*strays, *_within(uploads)))
        if dry_run:
            connection.execute("ROLLBACK TO before")
        else:
            for path in (*(services.blobs.path(row["md5"]) for row in unused), *strays):
                path.unlink(missing_ok=True)
            services.blobs.drop(uploads)
    blobs = len(unused) + len(strays)
    counts = {"uploads": len(uploads), "versions": abandoned.rowcount, "expired": expired}
    return {**counts, "blobs": blobs, "bytes": size}


def _within(folders: Iterable[Path]) -> Iterator[Path]:
    return (path for folder in folders for path in folder.iterdir())


_UNUSED = (
    "SELECT md5, size FROM blobs WHERE touched_at < ?"
    " AND NOT EXISTS (SELECT 1 FROM run_files WHERE md5 = blobs.md5)"
    " AND NOT EXISTS (SELECT 1 FROM artifact_files WHERE md5 = blobs.md5)"
    " AND NOT EXISTS (SELECT 1 FROM manifests WHERE md5 = blobs.md5)"
)
