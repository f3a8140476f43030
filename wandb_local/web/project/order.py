"""Which runs a list has, and in which order: kept in memory, and after a change only the changed runs are placed anew.

The list of a project with 50,000 runs is read once; a look at any part of it then costs what the part does.
"""

import json
import secrets
import threading
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, product
from typing import Any

from wandb_local.clock import CLOCK
from wandb_local.documents import FLAT
from wandb_local.records.searchable import RUNS, SILENT_AFTER
from wandb_local.records.states import QUIET_AFTER
from wandb_local.store.database import Database
from wandb_local.web.project.asked import Asked, fits, rank, text_of, value_of

_KEPT = 250_000  # runs in all the orders that are kept; they take 180 to 400 bytes each
_FEW = 1000  # changed runs that are placed one by one
# letters that mean themselves in SQLite's paths
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/+:@. ")
_CHANGED = (
    "SELECT run_id FROM run_changes WHERE project_id = ?1 AND number > ?2"
    " UNION SELECT id FROM runs WHERE project_id = ?1 AND state IN ('running', 'preempting')"
    " AND heartbeat_at BETWEEN ?3 AND ?4"
)
_FIXED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "id": ("runs.name", str),
    "name": ("coalesce(nullif(display_name, ''), runs.name)", str),
    "state": (RUNS.fields["state"], str),
    "created": ("created_at", float),
    "duration": ("round(heartbeat_at - created_at, 1)", float),
    "sweep": (RUNS.fields["sweep"], lambda name: name),
    "tags": ("tags", lambda text: ", ".join(json.loads(text))),
}
_TURNS = count(secrets.randbelow(1 << 40))  # as no earlier server has counted


@dataclass(frozen=True)
class Mark:
    """How far a look has seen: the number of the last change, and when it was (some changes are that nothing comes)."""

    number: int
    moment: float


def mark(db: Database, project_id: int) -> Mark:
    """Now."""
    sql = "SELECT coalesce(max(number), 0) FROM run_changes WHERE project_id = ?"
    return Mark(db.value(sql, (project_id,)), CLOCK.now())


def changed(db: Database, project_id: int, since: Mark) -> list[int]:
    """The ids of the runs that are to be shown anew: those that have changed, are gone, or have gone quiet."""
    quiet = (since.moment - SILENT_AFTER, CLOCK.now() - QUIET_AFTER)
    return [row[0] for row in db.rows(_CHANGED, (project_id, since.number, *quiet))]


class Order:
    """The runs that fit what is asked, in order. ``turn`` changes whenever they are others or stand elsewhere."""

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
    """The orders that were asked for last."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._kept: OrderedDict[Asked, Order] = OrderedDict()

    def get(self, asked: Asked) -> Order:
        """The order as it is now."""
        with self._lock:
            order = self._kept.setdefault(asked, Order(asked))
            self._kept.move_to_end(asked)
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _KEPT:
                self._kept.popitem(last=False)
        return order.follow(self._db)


def _keys(db: Database, asked: Asked, among: Sequence[int] | None = None) -> Iterator[tuple[Any, ...]]:
    """What the runs that fit are sorted by; the newest first of equal ones. The last part is the id, negated."""
    sort = [(name.removeprefix("-"), name.startswith("-")) for name in asked.sort]
    filters = {name: fits(model) for name, model in json.loads(asked.filters).items()}
    searched = ["id", "name", "state", "tags", "sweep", *asked.searched] if asked.words else []
    names = list(dict.fromkeys([*(name for name, _ in sort), *filters, *searched]))
    sources = [_source(name) for name in names]
    condition, parameters = _prefilter(asked)
    if among is not None:
        condition += f" AND id IN ({', '.join('?' * len(among))})"
        parameters += among
    selected = ", ".join(["id", "created_at", *(sql for sql, _ in sources)])
    found = db.each(f"SELECT {selected} FROM runs WHERE project_id = ?{condition} ORDER BY created_at DESC", parameters)
    if not names:
        yield from ((-created, -run_id) for run_id, created in found)
    for run_id, created, *raw in found:
        values = {name: read(value) for name, (_, read), value in zip(names, sources, raw, strict=True)}
        if all(test(values[name]) for name, test in filters.items()) and _has(asked.words, searched, values):
            yield (*(rank(values[name], down) for name, down in sort), -created, -run_id)


def _has(words: Sequence[str], searched: Sequence[str], values: dict[str, Any]) -> bool:
    texts = [text_of(value).lower() for name in searched if (value := values[name]) is not None]
    return all(any(word in text for text in texts) for word in words)


def _prefilter(asked: Asked) -> tuple[str, list[Any]]:
    """What SQLite can see at once: whether a word can be anywhere in a run."""
    condition, parameters = "", list[Any]([asked.project_id])
    places = ("display_name", "runs.name", "tags", "config", "summary", RUNS.fields["state"], RUNS.fields["sweep"])
    for word in asked.words:
        if word.isascii() and word.isprintable() and not {*word} & {*'"\\'}:  # as JSON writes it
            condition += f" AND ({' OR '.join(f'instr(lower({place}), ?)' for place in places)})"
            parameters += [word] * len(places)
    return condition, parameters


def _source(name: str) -> tuple[str, Callable[[Any], Any]]:
    """The SQL of a column, and what makes its value of that."""
    if name in _FIXED:
        return _FIXED[name]
    word, _, key = name.partition(".")
    if word not in FLAT:
        return "NULL", value_of
    if {*key} <= _PLAIN and key.count(".") < 4:
        found = ", ".join(f"{word} -> '{path}'" for path in _paths(key, ".value" * (word == "config")))
        return f"coalesce({found}, NULL)", lambda text: None if text is None else value_of(json.loads(text))
    return word, lambda text: value_of(FLAT[word](text).get(key))


def _paths(key: str, entry: str) -> list[str]:
    """Where a key may be found: a dot belongs to it or leads into an object."""
    parts = key.split(".")
    found = []
    for dots in product(('"."', "."), repeat=len(parts) - 1):
        names = "".join(f"{part}{dot}" for part, dot in zip(parts, (*dots, ""), strict=True)).split('"."')
        quoted = [f'."{name}"' for name in names]
        found.append("$" + quoted[0] + entry + "".join(quoted[1:]))
    return found[::-1]
