"""The folder of the cache. An entry appears complete by one rename, and disappears by one rename.

If several processes want an entry at the same time, one builds it and the others wait. It holds a lock, which the
system releases if the process dies. When the folder becomes too large, the least recently used entries are deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from platformdirs import user_cache_path

from files.interrupts import unwinding

T = TypeVar("T")

UNFINISHED = ".unfinished-"  # prefix of the names of entries that are being built or deleted
ABOUT = "about.json"  # in an entry: what it was made from, for people
COUNTS = "counts.npy"  # in every entry; processes that use the entry hold a shared lock on this file


def default_folder() -> Path:
    """The user's cache folder for decoded frames."""
    return user_cache_path("camvid-harness") / "frames"


def obtain(entry: Path, need: int, limit: int, load: Callable[[Path], T | None], build: Callable[[Path], None]) -> T:
    """The content of an entry. The entry is built if it is missing or damaged.

    Args:
        entry: folder of the entry, in the folder of the cache.
        need: size that the entry will have, in bytes.
        limit: largest size of all entries together, in bytes.
        load: reads an entry and returns its content; None if the entry is not complete.
        build: fills a folder that becomes the entry.

    Raises:
        OSError: the disk cannot store the entry. Errors of `build` are raised too.
    """
    entry.parent.mkdir(parents=True, exist_ok=True)
    found = load(entry)
    if found is None:
        with FileLock(entry.parent / ".lock"):
            found = load(entry)  # another process may have built it meanwhile
            if found is None:
                _make_room(entry, limit - need)
                with unwinding(), _building(entry) as folder:
                    build(folder)
                found = load(entry)
    assert found is not None
    return found


@contextmanager
def _building(entry: Path) -> Iterator[Path]:
    """A folder beside the entry, which is renamed to the entry at the end. The caller holds the lock."""
    building = entry.with_name(f"{UNFINISHED}{entry.name}")
    building.mkdir()
    try:
        yield building
        building.rename(entry)
    except OSError as error:
        if error.filename:  # a frame that cannot be read
            raise
        raise OSError(
            f"{entry.parent}: the decoded frames cannot be written ({error.strerror}); make room on that disk, or let "
            "XDG_CACHE_HOME name another"
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _make_room(entry: Path, limit: int) -> None:
    """Deletes what dead processes left, this entry if it is damaged, and the least recently used entries until the rest
    fits. Open memory maps of other processes stay valid. The caller holds the lock."""
    folder = entry.parent
    for leftover in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    entries = sorted((p for p in folder.iterdir() if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for path in entries}
    total = sum(sizes.values())
    for path in entries:
        if total > limit or path == entry:
            going = path.rename(
                path.with_name(f"{UNFINISHED}{path.name}")
            )  # in one step, or a reader would find half an entry
            shutil.rmtree(going, ignore_errors=True)
            total -= sizes[path]
