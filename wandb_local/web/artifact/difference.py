"""What changed between two versions: files and metadata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local import jsons
from wandb_local.database import Row


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


def compare_files(before: Sequence[Row], after: Sequence[Row]) -> list[Change]:
    """The files that differ in content or address; the values are their sizes in bytes."""
    sides = [{row["path"]: row for row in rows} for rows in (before, after)]
    contents = [{path: [row["md5"], row["ref"]] for path, row in side.items()} for side in sides]
    sizes = [{path: row["size"] for path, row in side.items()} for side in sides]
    return [
        Change(change.kind, change.name, sizes[0].get(change.name), sizes[1].get(change.name))
        for change in compare(*contents)
    ]


def counted(changes: Sequence[Change], same: int) -> str:
    """How many of each kind, as text."""
    kinds = [change.kind for change in changes]
    parts = [f"{kinds.count(kind)} {kind}" for kind in ("added", "removed", "changed") if kind in kinds]
    return ", ".join([*parts, f"{same} the same"])
