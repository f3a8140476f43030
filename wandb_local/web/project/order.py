"""Which runs a list has, and in which order: kept in memory, and after a change only the changed runs are placed anew.

The list of a project with 50,000 runs is read once; a look at any part of it then costs what the part does.
"""

import json
import secrets
import threading
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from wandb_local.records.columns import column_values
from wandb_local.records.listing import Mark, changed, mark
from wandb_local.store.database import Database
from wandb_local.web.project.asked import Asked, fits, rank, text_of

_KEPT = 250_000  # runs in all the orders that are kept; they take 180 to 400 bytes each
_FEW = 1000  # changed runs that are placed one by one
_TURNS = count(secrets.randbelow(1 << 40))  # as no earlier server has counted


class Order:
    """The matching runs, in order. ``turn`` changes whenever the runs or their order change."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._lock = threading.Lock()
        self._keys: list[tuple[Any, ...]] = []
        self._places: dict[int, tuple[Any, ...]] = {}
        self._seen: Mark | None = None
        self.turn = 0

    def __len__(self) -> int:
        return len(self._keys)

    def ids(self, first: int, last: int) -> list[int]:
        """The ids of the runs from place ``first`` to before ``last``."""
        return [-key[-1] for key in self._keys[first:last]]

    def among(self, ids: set[int]) -> list[int]:
        """Those of the ids that are here, in order."""
        return [-key[-1] for key in sorted(self._places[number] for number in ids & self._places.keys())]

    def follow(self, db: Database) -> "Order":
        """Take in what has changed."""
        with self._lock:
            now = mark(db, self.asked.project_id)
            others = changed(db, self.asked.project_id, self._seen) if self._seen else None
            if others is None or len(others) > _FEW:
                self._places = {-key[-1]: key for key in _keys(db, self.asked)}
                self._keys = sorted(self._places.values())
                self.turn = next(_TURNS)
            elif others and self._place(db, others):
                self.turn = next(_TURNS)
            self._seen = now
        return self

    def _place(self, db: Database, others: Sequence[int]) -> bool:
        found = {-key[-1]: key for key in _keys(db, self.asked, others)}
        moved = [number for number in others if found.get(number) != self._places.get(number)]
        for number in moved:
            if (old := self._places.pop(number, None)) is not None:
                del self._keys[bisect_left(self._keys, old)]
            if (new := found.get(number)) is not None:
                self._places[number] = new
                insort(self._keys, new)
        return bool(moved)


class Orders:
    """The most recently used orders."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._kept: OrderedDict[Asked, Order] = OrderedDict()

    def get(self, asked: Asked) -> Order:
        """The current order."""
        with self._lock:
            order = self._kept.setdefault(asked, Order(asked))
            self._kept.move_to_end(asked)
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _KEPT:
                self._kept.popitem(last=False)
        return order.follow(self._db)


def _keys(db: Database, asked: Asked, among: Sequence[int] | None = None) -> Iterator[tuple[Any, ...]]:
    """The sort keys of the matching runs; the newest of equal runs is first. The last part is the negated id."""
    sort = [(name.removeprefix("-"), name.startswith("-")) for name in asked.sort]
    filters = {name: fits(model) for name, model in json.loads(asked.filters).items()}
    searched = ["id", "name", "state", "tags", "sweep", *asked.searched] if asked.words else []
    names = list(dict.fromkeys([*(name for name, _ in sort), *filters, *searched]))
    found = column_values(db, asked.project_id, names, asked.words, among)
    if not names:
        yield from ((-created, -run_id) for run_id, created, _ in found)
    for run_id, created, values in found:
        if all(test(values[name]) for name, test in filters.items()) and _has(asked.words, searched, values):
            yield (*(rank(values[name], down) for name, down in sort), -created, -run_id)


def _has(words: Sequence[str], searched: Sequence[str], values: dict[str, Any]) -> bool:
    texts = [text_of(value).lower() for name in searched if (value := values[name]) is not None]
    return all(any(word in text for text in texts) for word in words)
