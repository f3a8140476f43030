"""The folder of the cache: entries that appear whole by one rename and go by one.

Of several processes that want an entry at the same time one builds it, under a lock that the system releases when its
holder dies, and the others wait. When the folder outgrows its bound, the entry that was used least recently goes.
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

UNFINISHED = ".unfinished-"  # begins the name of what is being built or removed
ABOUT = "about.json"  # in an entry: what it was made of, for people
COUNTS = "counts.npy"  # in every entry; the file that its users hold a shared lock on


def default_folder() -> Path:
    """The user's cache folder for decoded frames."""
    return user_cache_path("camvid-harness") / "frames"


def obtain(entry: Path, need: int, limit: int, load: Callable[[Path], T | None], build: Callable[[Path], None]) -> T:
    """What lies in an entry, which is built where there is none, or a damaged one.

    Args:
        entry: its folder, in that of the cache.
        need: bytes that it will take.
        limit: bound of all entries together, in bytes.
        load: from the entry to what lies in it; None where that is not whole.
        build: fills a folder that becomes the entry.

    Raises:
        OSError: the disk does not take it; what `build` raises.
    """
    entry.parent.mkdir(parents=True, exist_ok=True)
    found = load(entry)
    if found is None:
        with FileLock(entry.parent / ".lock"):
            found = load(entry)  # built by another process meanwhile
            if found is None:
                _make_room(entry, limit - need)
                with unwinding(), _building(entry) as folder:
                    build(folder)
                found = load(entry)
    assert found is not None
    return found


@contextmanager
def _building(entry: Path) -> Iterator[Path]:
    """A folder beside the entry that takes its place in the end; the caller holds the lock."""
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
    """Removes what dead processes left, the entry where it is damaged, and the least recently used ones until the rest
    fits; open memory maps of other processes stay valid. The caller holds the lock."""
    folder = entry.parent
    for leftover in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    entries = sorted((p for p in folder.iterdir() if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for path in entries}
    total = sum(sizes.values())
    for path in entries:
        if total > limit or path == entry:
            going = path.rename(path.with_name(f"{UNFINISHED}{path.name}"))  # at once, or a reader would find half
            shutil.rmtree(going, ignore_errors=True)
            total -= sizes[path]
