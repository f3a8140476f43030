"""The changes between two versions: files and metadata."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.records.files import count_changes, list_changes

MOST_CHANGES = 20_000  # files that are listed


@dataclass(frozen=True)
class Change:
    """A name that is not the same on both sides: ``added``, ``removed`` or ``changed``, with both values."""

    kind: str
    name: str
    before: Any
    after: Any


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The differing names, sorted; values are equal if their JSON is."""
    changes = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            changes.append(Change("added", name, None, after[name]))
        elif name not in after:
            changes.append(Change("removed", name, before[name], None))
        elif jsons.dumps(before[name]) != jsons.dumps(after[name]):
            changes.append(Change("changed", name, before[name], after[name]))
    return changes


def compare_files(context: Context, before: int, after: int) -> tuple[Counter[str], list[Change]]:
    """How many files of two artifacts (record numbers) differ in content or address, by kind of change; and the first
    ``MOST_CHANGES`` of them, sorted, with their sizes in bytes as values."""
    changes = [Change(*row) for row in list_changes(context.db, before, after, MOST_CHANGES)]
    return Counter(count_changes(context.db, before, after)), changes


def counted(kinds: Counter[str], total: int) -> str:
    """How many names changed, by kind, and how many of the ``total`` on the later side did not, as text."""
    parts = [f"{kinds[kind]} {kind}" for kind in ("added", "removed", "changed") if kind in kinds]
    return ", ".join([*parts, f"{total - kinds['added'] - kinds['changed']} the same"])
