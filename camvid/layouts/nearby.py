"""Where a data set lies that is not in the folder that was given: further down, or in parts, as archives unpack it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from camvid.layouts.folders import ALIASES
from camvid.layouts.layout import Layout, matching

DEPTH = 3  # folders further down that are looked at
MOST = 100  # folders in all that are looked at
LISTED = 3  # folders that a message names


class Part(NamedTuple):
    """A folder or file of a layout, and where it belongs under the root."""

    place: Path
    belongs: Path


def nearby(root: Path, candidates: Sequence[Layout]) -> str:
    """What to give instead, or what to lay together; empty where nothing is found."""
    below = list(islice(_below([root], DEPTH), MOST))
    for _, level in groupby(below, key=lambda folder: len(folder.parts)):
        if found := [folder for folder in level if any(not layout.missing(folder) for layout in candidates)]:
            if all(folder.parent == root and _split_of(folder) for folder in found):
                renamed = ", and ".join(f"{folder} to {root / _split_of(folder)}" for folder in found)
                return f"folders of splits are written small: rename {renamed}"
            given = "give that folder" if len(found) == 1 else "give one of these folders"
            more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
            return f"a data set lies in {', '.join(map(str, found[:LISTED]))}{more}: {given}"
    for layout in candidates:
        parts = [_part(root, [root, *below], mark) for mark in layout.marks]
        if all(parts):
            moves = dict.fromkeys(part for part in parts if part and part.place != part.belongs)
            listed = ", and ".join(f"{part.place} to {part.belongs}" for part in moves)
            return f"the parts of a set of layout {layout.name} lie apart: move or link {listed}"
    return ""


def _split_of(folder: Path) -> str:
    """What a folder of a split is called here that has capitals; empty for another folder."""
    small = folder.name.lower()
    return small if folder.name != small and any(small in names for names in ALIASES.values()) else ""


def _below(folders: Iterable[Path], depth: int) -> Iterator[Path]:
    """The folders in these and below, the highest first; none that is hidden or a link."""
    inner = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_dir()]
    shown = [path for path in inner if not path.name.startswith(".") and not path.is_symlink()]
    yield from shown
    if depth > 1 and shown:
        yield from _below(shown, depth - 1)


def _part(root: Path, folders: Sequence[Path], mark: str) -> Part | None:
    """What matches a mark in one of the folders; else what matches the end of one, as `10k/` is of `images/10k/`."""
    patterns = mark.split("|")
    for pattern in patterns:
        first = pattern.split("/")[0]
        if found := next((folder for folder in folders if matching(folder, pattern)), None):
            return Part(found / first, root / first)
    for pattern in patterns:
        head, _, tail = pattern.rstrip("/").partition("/")
        found = next((folder for folder in folders if tail and matching(folder, f"{tail}/")), None)
        if found:
            return Part(found / tail, root / head / tail)
    return None
