"""The message for a full disk: which disk it is, and what to do."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

_LITTLE = 1 << 20  # bytes; opening the records takes some tens of kilobytes
_FULL = {errno.ENOSPC, errno.EDQUOT}
_WAY_OUT = (
    "the stored data is safe; free space by `python -m wandb_local gc`, which deletes what no record needs,"
    " or by moving other files away, and try again"
)


def out_of_room(error: BaseException, places: Iterable[Path]) -> str | None:
    """A line for an error that a full disk of one of these folders, or a quota, has caused; None for others."""
    if not isinstance(error, OSError | sqlite3.Error):
        return None
    full = next((place for place in map(_existing, places) if shutil.disk_usage(place).free < _LITTLE), None)
    if full is not None:
        usage = shutil.disk_usage(full)
        what = f"the disk at {_mount(full)} is full ({usage.free / 1e6:.1f} of {usage.total / 1e6:,.0f} MB are free)"
    elif is_full(error):
        what = f"no space is left, or your quota is used up ({error})"
    else:
        return None
    return f"{what}; {_WAY_OUT}"


def is_full(error: BaseException) -> bool:
    """Whether the error itself reports a full disk."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and code is not None and code & 0xFF == sqlite3.SQLITE_FULL


def _existing(place: Path) -> Path:
    """The folder of a place, or the first above it that exists."""
    place = place.expanduser().absolute()
    return next(folder for folder in (place, *place.parents) if folder.exists())


def _mount(place: Path) -> Path:
    return next((folder for folder in (place, *place.parents) if os.path.ismount(folder)), place)
