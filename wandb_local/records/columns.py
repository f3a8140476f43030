"""The columns of a list of runs: which there are, and what each run has in them."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from wandb_local.documents import FLAT, NOT_FINITE_TEXTS
from wandb_local.records.searchable import RUNS
from wandb_local.store.database import Database

# letters that mean themselves in SQLite's paths
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/+:@. ")
_FIXED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "id": ("runs.name", str),
    "name": ("coalesce(nullif(display_name, ''), runs.name)", str),
    "state": (RUNS.fields["state"], str),
    "created": ("created_at", float),
    "duration": ("round(heartbeat_at - created_at, 1)", float),
    "sweep": (RUNS.fields["sweep"], lambda name: name),
    "tags": ("tags", lambda text: ", ".join(json.loads(text))),
}


def offered_columns(db: Database, project_id: int, limit: int, chosen: Sequence[str] = ()) -> list[str]:
    """The columns that config and summary offer: ``config.lr``, ``summary.val/loss``. Of very many, those that are
    ``chosen`` are among them."""
    sql = "SELECT name FROM run_columns WHERE project_id = ?"
    rows = db.rows(f"{sql} ORDER BY name LIMIT ?", (project_id, limit))
    more = db.rows(f"{sql} AND name IN ({', '.join('?' * len(chosen))})", (project_id, *chosen))
    return list(dict.fromkeys(row["name"] for row in (*rows, *more)))


def column_values(
    db: Database, project_id: int, names: Sequence[str], words: Sequence[str] = (), among: Sequence[int] | None = None
) -> Iterator[tuple[int, float, dict[str, Any]]]:
    """The runs of a project, newest first: id, time of creation, and what each has in the columns that are named.

    Runs without one of the words may be left out. With ``among``, only runs with these ids are read.
    """
    sources = [_source(name) for name in names]
    condition, parameters = _prefilter(words)
    if among is not None:
        condition += f" AND id IN ({', '.join('?' * len(among))})"
        parameters += among
    selected = ", ".join(["id", "created_at", *(sql for sql, _ in sources)])
    sql = f"SELECT {selected} FROM runs WHERE project_id = ?{condition} ORDER BY created_at DESC"
    found = db.each(sql, [project_id, *parameters])
    if not names:
        yield from ((run_id, created, {}) for run_id, created in found)
    for run_id, created, *raw in found:
        yield run_id, created, {name: read(value) for name, (_, read), value in zip(names, sources, raw, strict=True)}


def _prefilter(words: Sequence[str]) -> tuple[str, list[Any]]:
    """A quick test in SQLite whether a word can be anywhere in a run."""
    condition, parameters = "", list[Any]()
    places = ("display_name", "runs.name", "tags", "config", "summary", RUNS.fields["state"], RUNS.fields["sweep"])
    for word in words:
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


def value_of(value: Any) -> Any:
    """The value of config or summary for orders and filters: a number, a text, or None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list) or (isinstance(value, str) and value in NOT_FINITE_TEXTS):
        return None
    return value
