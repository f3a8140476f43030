"""The texts of a run: its title, config and summary, and their values in a cell."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from wandb_local import jsons
from wandb_local.documents import Document, flat_config, flat_summary
from wandb_local.names import is_blank
from wandb_local.store.database import Row

_LONG = 300  # characters of a value that a cell shows
NOT_FINITE = {"NaN": "NaN", "Infinity": "∞", "-Infinity": "-∞"}  # as config and summary hold them, as a reader does
_MOST_EXACT = 2**53  # whole numbers beyond it lose digits in a browser


def title_of(run: Row) -> str:
    """The name that people gave a run, or its id."""
    name = str(run["display_name"] or "")
    return str(run["name"]) if is_blank(name) else name


def config_of(run: Row) -> Document:
    """The config of a run, flat."""
    return flat_config(run["config"])


def noted(run: Row, about: str) -> Any:
    """The client's own entry of this name in the config of a run, such as ``visualize``, or None."""
    entry = json.loads(run["config"]).get("_wandb")
    notes = entry.get("value") if isinstance(entry, dict) else None
    return notes.get(about) if isinstance(notes, dict) else None


def summary_of(run: Row) -> Document:
    """The summary of a run, flat. ``define_metric`` with a ``summary`` makes the client sum up each part of a medium,
    even the name of its type: of such a medium, the kind that the run has logged is left."""
    found = flat_summary(run["summary"])
    parts = [name for name, value in found.items() if isinstance(value, dict) and value and not is_media(value)]
    kinds = logged_kinds(run) if parts else {}
    return found | {name: {"_type": kinds.get(name, ["medium"])[-1]} for name in parts}


def logged_kinds(run: Row) -> dict[str, list[str]]:
    """The types that a run has logged under each key: ``number``, ``string``, ``image-file`` and so on, in the order of
    their first appearance."""
    keys = json.loads(run["history_keys"])["keys"]
    return {name: [count["type"] for count in entry["typeCounts"]] for name, entry in keys.items()}


def cell(value: Any) -> Any:
    """A value as a grid shows it: numbers and texts as they are, media by their kind, other things as JSON; a whole
    number that a browser would round as text."""
    if value is None or (is_number(value) and not _loses_digits(value)):
        return value
    if is_media(value):
        return f"({value['_type']})"
    text = value if isinstance(value, str) else jsons.dumps(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def put(row: Document, field: str, value: Any) -> None:
    """Set a value in a row of a grid, for a column of ``grids.value_column``.

    A column of numbers that contains text cannot be sorted as numbers. So for sorting and filtering, a number that is
    not finite is missing, and a number that is too large for the browser is rounded. The cell shows the exact value.
    """
    if isinstance(value, str) and value in NOT_FINITE:
        row[field], row["shown"][field] = None, NOT_FINITE[value]
    elif is_number(value) and _loses_digits(value):
        row[field], row["shown"][field] = value, cell(value)
    else:
        row[field] = cell(value)


def several(number: Any, noun: str) -> str:
    """``1 row`` or ``2,000 rows``; if the count is not a whole number, it is shown as it was logged."""
    text = f"{number:,}" if isinstance(number, int) else str(number)
    return f"{text} {noun}" if number == 1 else f"{text} {noun}s"


def is_number(value: Any) -> bool:
    """Whether a value is a number; a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _loses_digits(value: float) -> bool:
    return isinstance(value, int) and abs(value) > _MOST_EXACT


def is_media(value: Any) -> bool:
    """Whether this is a logged medium or table: an object that names its type."""
    return isinstance(value, dict) and isinstance(value.get("_type"), str)


def differing(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names whose values are not the same in all documents, in the order in which they first appear; no media,
    which are other files in each run."""
    names = dict.fromkeys(name for document in documents for name, value in document.items() if not is_media(value))
    return [name for name in names if any(document.get(name) != documents[0].get(name) for document in documents)]
