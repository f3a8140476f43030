"""Copy a data folder while its server keeps running. The copy is a data folder too, so restoring is copying it back."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

from wandb_local.store.durable import sync
from wandb_local.store.folder import DataFolder
from wandb_local.verify import bar, is_intact, open_records

_SECRETS = ("api_key", "signing_secret")
_TRIES = 5


def back_up(source: DataFolder, target: Path) -> tuple[int, list[str]]:
    """Copy the records as they are at one moment, and the blobs that they name; the API key goes with them.

    A target that holds an earlier backup takes what is new. Until the end it stays the earlier backup.

    Returns:
        The number of blobs copied, and the digests of those that are damaged in the source.

    Raises:
        ValueError: the target is something else, or lies in the source.
    """
    target = target.expanduser().resolve()
    if target == source.root or source.root in target.parents:
        raise ValueError(f"{target}: the folder is inside the data folder {source.root}; give a folder outside it")
    if target.exists() and any(target.iterdir()) and not (target / "records.sqlite3").is_file():
        raise ValueError(f"{target}: the folder is not empty and not a backup; give a new folder")
    return _copy(source, DataFolder(target))


def restore(backup: Path, target: DataFolder) -> tuple[int, list[str]]:
    """Make a data folder of a backup; see ``back_up`` for what is returned.

    Raises:
        ValueError: the target holds records already, or the backup holds none.
    """
    if not (backup / "records.sqlite3").is_file():
        raise ValueError(f"{backup}: the folder has no records.sqlite3; give a folder that `backup` made")
    if target.database.exists():
        raise ValueError(
            f"{target.root}: the folder already holds records; give --data with a new folder, or move this folder away"
        )
    return _copy(DataFolder(backup), target)


def _copy(source: DataFolder, target: DataFolder) -> tuple[int, list[str]]:
    target.lock()
    try:
        return _copy_all(source, target)
    finally:
        target.unlock()


def _copy_all(source: DataFolder, target: DataFolder) -> tuple[int, list[str]]:
    new = target.database.with_name(".records.new")
    copied = 0
    for _ in range(_TRIES):
        _snapshot(source.database, new)
        with contextlib.closing(open_records(new)) as records:
            wanted = records.execute("SELECT md5, size FROM blobs ORDER BY md5").fetchall()
        damaged = []
        for blob in bar(wanted, "copy"):
            done = _copy_blob(source, target, blob)
            copied += done == "copied"
            damaged += [blob["md5"]] if done == "damaged" else []
        if not _gone_since(source, damaged):
            break
    for name in _SECRETS:
        shutil.copy2(source.root / name, target.root / name)  # with its mode: for the owner alone
    shutil.copytree(source.imported, target.imported, dirs_exist_ok=True)
    for suffix in ("-wal", "-shm"):
        target.database.with_name(target.database.name + suffix).unlink(missing_ok=True)
    new.replace(target.database)
    sync(target.root)
    _drop_others(target, {blob["md5"] for blob in wanted})
    return copied, damaged


def _snapshot(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    with contextlib.closing(open_records(source)) as records, contextlib.closing(sqlite3.connect(target)) as copy:
        records.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    sync(target)


def _copy_blob(source: DataFolder, target: DataFolder, blob: sqlite3.Row) -> str:
    md5, size = blob["md5"], blob["size"]
    place = target.blob(md5)
    if place.exists() and place.stat().st_size == size:
        return "there"
    place.parent.mkdir(exist_ok=True)
    temporary = target.uploads / f"tmp-{md5}"
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(source.blob(md5), temporary)
    if not is_intact(temporary, md5, size):
        temporary.unlink(missing_ok=True)
        return "damaged"
    sync(temporary)
    temporary.replace(place)
    return "copied"


def _gone_since(source: DataFolder, digests: list[str]) -> bool:
    """Whether a blob has been deleted since the records were copied."""
    with contextlib.closing(open_records(source.database)) as records:
        return any(not records.execute("SELECT 1 FROM blobs WHERE md5 = ?", (md5,)).fetchone() for md5 in digests)


def _drop_others(target: DataFolder, wanted: set[str]) -> None:
    for path in target.blobs.glob("??/*"):
        if path.parent.name + path.name not in wanted:
            path.unlink()
