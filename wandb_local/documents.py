"""Config and summary of a run as flat columns, with the names and values that lists, filters and orders use."""

import json
from collections.abc import Iterator
from typing import Any

from wandb_local import jsons

Document = dict[str, Any]
NOT_FINITE_TEXTS = ("NaN", "Infinity", "-Infinity")  # such numbers in configs, summaries and rows


def flat_config(text: str) -> Document:
    """The config with dotted names for what is nested; without what the client notes about itself."""
    entries = json.loads(text).items()
    values = {name: entry.get("value") if isinstance(entry, dict) else entry for name, entry in entries}
    return {name: value for name, value in _flat(values).items() if not name.startswith("_wandb")}


def flat_summary(text: str) -> Document:
    """The summary with dotted names for what is nested; without steps and times, which begin with ``_``."""
    return {name: value for name, value in _flat(json.loads(text)).items() if not name.startswith("_")}


def _flat(record: Document) -> Document:
    """``{"a": {"b": 1}, "a.b": 2}`` has two values by the name ``a.b``: the key itself, and ``a.b (nested)``."""
    flat = jsons.flatten(record)
    leaves = list(_leaves(record)) if any(isinstance(value, dict) for value in record.values()) else []
    if len(leaves) > len(flat):
        flat = {}
        for name, _, value in sorted(leaves, key=lambda leaf: leaf[1]):
            while name in flat:
                name += " (nested)"
            flat[name] = value
    return flat


def _leaves(record: Document, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, int, Any]]:
    """The items of `jsons.flatten`, each with its depth; two values with the same name are both kept."""
    for key, value in record.items():
        if isinstance(value, dict) and value and "_type" not in value:
            yield from _leaves(value, f"{prefix}{key}.", depth + 1)
        else:
            yield prefix + key, depth, value


FLAT = {"config": flat_config, "summary": flat_summary}


def plain(document: Document) -> Document:
    """The document without lists and media, which no column shows."""
    return {name: value for name, value in document.items() if not isinstance(value, dict | list)}


def column_names(word: str, text: str) -> str:
    """The columns that a ``config`` or a ``summary`` offers, ``config.lr`` and the like, as a JSON list."""
    try:
        return json.dumps([f"{word}.{name}" for name in plain(FLAT[word](text))])
    except (ValueError, AttributeError, RecursionError):  # no JSON object
        return "[]"
