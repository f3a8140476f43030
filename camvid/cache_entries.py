"""Lists and deletes the entries of the cache of decoded frames: `python -m camvid cache`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from camvid.cache_folder import ABOUT, COUNTS, UNFINISHED
from files.amounts import byte_size

DAY = 86400.0  # seconds


@dataclass(frozen=True)
class Entry:
    """One entry.

    Attributes:
        path: its folder.
        about: data, split, frames, size and taxonomy that it was made from; empty if an earlier version made it.
        size: in bytes.
        used: when a process last began to use it, in seconds since 1970.
        in_use: whether a process of this machine uses it now.
    """

    path: Path
    about: str
    size: int
    used: float
    in_use: bool


def list_entries(folder: Path) -> list[Entry]:
    """The entries in a cache folder, the most recently used first. The list is empty if there is no such folder."""
    paths = [path for path in folder.glob("[!.]*") if path.is_dir()]
    return sorted((_entry(path) for path in paths), key=lambda entry: -entry.used)


def free(folder: Path, days: float = 0) -> list[Entry]:
    """Delete the entries that were not used for `days`, and what dead processes left. Entries in use stay.

    Returns:
        The deleted entries.
    """
    if not folder.is_dir():
        return []
    limit = time.time() - days * DAY
    freed = []
    with FileLock(folder / ".lock"):  # no process builds an entry or makes room meanwhile
        for leftover in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for entry in list_entries(folder):
            with _alone(entry.path) as alone:
                if alone and entry.used <= limit:
                    going = entry.path.rename(entry.path.with_name(f"{UNFINISHED}{entry.path.name}"))
                    shutil.rmtree(going)
                    freed.append(entry)
    return freed


def report(folder: Path, entries: list[Entry]) -> str:
    """The entries as a table, with their sum."""
    lines = [f"{folder}", "      size  last used         what"]
    for entry in entries:
        used = "in use now" if entry.in_use else time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
        lines.append(f"{byte_size(entry.size):>10}  {used:<16}  {entry.about or entry.path.name}")
    return "\n".join([*lines, f"{byte_size(sum(entry.size for entry in entries)):>10}  in all"])


def _entry(path: Path) -> Entry:
    with _alone(path) as alone:
        size = sum(file.stat().st_size for file in path.iterdir())
        return Entry(path, _about(path), size, path.stat().st_mtime, not alone)


def _about(path: Path) -> str:
    try:
        about = json.loads((path / ABOUT).read_text(encoding="utf-8"))
        return "{data}, {split}: {frames} frames at {height}x{width}, {taxonomy}".format(**about)
    except (OSError, ValueError, KeyError):
        return ""


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether no process uses the entry. While the block runs, no process can begin to use it."""
    try:
        held = os.open(path / COUNTS, os.O_RDWR)
    except OSError:  # not complete: nobody can use it
        yield True
        return
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # in use, or the file system has no locks
        yield False
    else:
        yield True
    finally:
        os.close(held)
