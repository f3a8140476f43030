"""Data that must survive a power cut: it is synced to the disk before the server confirms that it is stored."""

import contextlib
import os
import threading
from pathlib import Path


def sync(path: Path) -> None:
    """Return once the content of a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Unsettled:
    """Files and folders that have changed and may not be on the disk yet. Safe to use from many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turn = threading.Lock()
        self._changed: set[Path] = set()
        self._noted = self._settled = 0

    def note(self, path: Path) -> None:
        """Remember a change that has been made."""
        with self._guard:
            self._changed.add(path)
            self._noted += 1

    def settle(self) -> None:
        """Return once all changes noted so far are on the disk. Threads that wait at the same time share one sync.

        Raises:
            OSError: the disk did not take them.
        """
        wanted = self._noted
        with self._turn:
            if self._settled >= wanted:
                return
            with self._guard:
                paths, self._changed, reached = self._changed, set(), self._noted
            try:
                for path in paths:
                    with contextlib.suppress(FileNotFoundError):  # deleted since
                        sync(path)
            except OSError:
                with self._guard:
                    self._changed |= paths
                raise
            self._settled = reached
