"""Looking after a data folder: what is in it, and blobs that nothing refers to."""

from typing import Any

from wandb_local import __version__
from wandb_local.context import Services
from wandb_local.graphql.common import now

_COUNTED = ("projects", "runs", "history", "sweeps", "agents", "artifacts WHERE state = 'COMMITTED'", "blobs")


def summary(services: Services) -> dict[str, Any]:
    """The number of records of each kind and the bytes of all blobs."""
    counts = {table.split()[0]: services.db.value(f"SELECT count(*) FROM {table}") for table in _COUNTED}
    size = services.db.value("SELECT coalesce(sum(size), 0) FROM blobs")
    return {"server": "wandb_local", "version": __version__, "counts": counts, "blob_bytes": size}


def collect_garbage(services: Services, grace: float) -> dict[str, int]:
    """Delete uploads and versions that were begun and not ended, then blobs that no run file and no version refers to.

    What is younger than ``grace`` seconds stays: it may belong to an upload that is under way.
    """
    limit = now() - grace
    uploads = services.blobs.drop_parts_before(limit)
    with services.db.write() as connection:
        abandoned = connection.execute("DELETE FROM artifacts WHERE state = 'PENDING' AND updated_at < ?", (limit,))
        unused = connection.execute(
            "SELECT md5, size FROM blobs WHERE touched_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM run_files WHERE md5 = blobs.md5)"
            " AND NOT EXISTS (SELECT 1 FROM artifact_files WHERE md5 = blobs.md5)"
            " AND NOT EXISTS (SELECT 1 FROM manifests WHERE md5 = blobs.md5)",
            (limit,),
        ).fetchall()
        for row in unused:
            connection.execute("DELETE FROM blobs WHERE md5 = ?", (row["md5"],))
            services.blobs.path(row["md5"]).unlink(missing_ok=True)
    size = sum(row["size"] for row in unused)
    return {"uploads": uploads, "versions": abandoned.rowcount, "blobs": len(unused), "bytes": size}
