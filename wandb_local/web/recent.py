"""A cache of the most recently used objects, with a limit on its memory."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, TypeVar

_SAMPLE = 1000  # rows
_DEEPEST = 100  # lists in lists that are looked into
_Made = TypeVar("_Made")


class Recent(Generic[_Made]):
    """The most recent objects by key, up to a total size; the last one is always kept.

    Safe to use from many threads. One object is made at a time, to limit the memory.
    """

    def __init__(self, most: int, size_of: Callable[[_Made], int]) -> None:
        self._most = most
        self._size_of = size_of
        self._made: OrderedDict[Hashable, _Made] = OrderedDict()
        self._guard = threading.Lock()
        self._making = threading.Lock()

    @property
    def size(self) -> int:
        """Of all things together."""
        with self._guard:
            return sum(map(self._size_of, self._made.values()))

    def get(self, key: Hashable, make: Callable[[], _Made], holds: Callable[[_Made], bool] = lambda _: True) -> _Made:
        """The object for the key, if it still ``holds``; otherwise it is made now."""
        found = self._found(key, holds)
        if found is None:
            with self._making:
                found = self._found(key, holds)
                if found is None:
                    found = make()
                    self._keep(key, found)
        return found

    def _found(self, key: Hashable, holds: Callable[[_Made], bool]) -> _Made | None:
        with self._guard:
            if key in self._made and holds(self._made[key]):
                self._made.move_to_end(key)
                return self._made[key]
        return None

    def _keep(self, key: Hashable, made: _Made) -> None:
        with self._guard:
            self._made[key] = made
            self._made.move_to_end(key)
        while self.size > self._most and len(self._made) > 1:
            with self._guard:
                self._made.popitem(last=False)


def size(rows: Sequence[Sequence[Any]]) -> int:
    """About as many bytes as rows take in memory, by a sample of them."""
    sample = rows[:: max(len(rows) // _SAMPLE, 1)]
    return sum(map(_size, sample)) * len(rows) // max(len(sample), 1)


def _size(value: Any, depth: int = 0) -> int:
    """Bytes of a value with all that is in it; text and numbers are hardly ever shared by rows."""
    parts: Any = value if isinstance(value, list | tuple) else value.values() if isinstance(value, Mapping) else ()
    return sys.getsizeof(value) + (sum(_size(part, depth + 1) for part in parts) if depth < _DEEPEST else 0)
