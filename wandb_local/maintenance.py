"""Maintenance of a data folder: how much it holds, and deleting blobs that nothing refers to."""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sized
from typing import Any

from wandb_local import __version__
from wandb_local.clock import now
from wandb_local.context import Services
from wandb_local.records import stored
from wandb_local.records.artifacts import lifetime

_TURN = 0.005  # seconds


def summary(services: Services) -> dict[str, Any]:
    """The number of records of each kind and the bytes of all blobs."""
    counts, size = stored.counts(services.db), stored.blob_bytes(services.db)
    return {"server": "wandb_local", "version": __version__, "counts": counts, "blob_bytes": size}


def collect_garbage(services: Services, grace: float, *, dry_run: bool = False) -> dict[str, int]:
    """Delete uploads and versions that were begun and not ended, versions that have outlived their time-to-live, then
    blobs that no run file and no version refers to, and files among the blobs that no record knows, which a kill at the
    wrong moment leaves.

    What is younger than ``grace`` seconds stays: it may belong to an upload that is under way. With ``dry_run`` all is
    counted and nothing deleted. Others write meanwhile.
    """
    moment = now()
    limit = moment - grace
    uploads = services.blobs.stale_parts(limit)
    size = sum(path.stat().st_size for folder in uploads for path in folder.iterdir())
    versions = lifetime.versions_over(services.db, limit, moment)
    if dry_run:
        found = _useless(services, limit, moment)
    else:
        _delete_versions(services, list(versions), limit, moment)
        found = _delete(services, _useless(services, limit), limit)
        services.blobs.drop(uploads)
    expired = sum(versions.values())
    counts = {"uploads": len(uploads), "versions": len(versions) - expired, "expired": expired}
    return {**counts, "blobs": len(found), "bytes": size + sum(found.values())}


def _useless(services: Services, limit: float, moment: float | None = None) -> dict[str, int]:
    """Bytes by digest of the blobs that nothing refers to, and of the files that no record knows. With ``moment``, as
    if the versions that are over by then were gone."""
    found = stored.unused_blobs(services.db, limit, moment)
    files = {"".join(path.parts[-2:]): path for path in services.blobs.files_before(limit)}
    known = stored.blobs(services.db)
    return found | {md5: path.stat().st_size for md5, path in files.items() if md5 not in known}


def _delete_versions(services: Services, waiting: list[int], limit: float, moment: float) -> None:
    def work(connection: sqlite3.Connection) -> None:
        if lifetime.delete_piece(connection, waiting[-1], limit, moment):
            waiting.pop()

    _in_turns(services, waiting, work)


def _delete(services: Services, useless: Mapping[str, int], limit: float) -> dict[str, int]:
    """Delete blobs that are still unused when their turn comes, and return them."""
    deleted: dict[str, int] = {}
    waiting = list(useless)

    def work(connection: sqlite3.Connection) -> None:
        md5 = waiting.pop()
        if stored.forget_blob(connection, md5, limit):
            services.blobs.delete_file(md5)
            deleted[md5] = useless[md5]

    _in_turns(services, waiting, work)
    return deleted


def _in_turns(services: Services, waiting: Sized, work: Callable[[sqlite3.Connection], None]) -> None:
    """Work off what is waiting. The writers' lock is held for short turns, with pauses in which others have it."""
    while waiting:
        end = time.monotonic() + _TURN
        with services.db.write() as connection:
            while waiting and time.monotonic() < end:
                work(connection)
        time.sleep(_TURN)
