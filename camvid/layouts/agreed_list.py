"""The list of classes of a data set, where several lie in its folders: all splits are read by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from camvid.entries import Color
from camvid.layouts.class_lists import find_list, find_lists, read_list
from camvid.layouts.scan import ALIASES
from camvid.taxonomy import TaxonomyError


def list_in(root: Path) -> Path | None:
    """A list of classes in a data set's root, or in a folder there."""
    return next(lists_in(root), None)


def lists_in(root: Path) -> Iterator[Path]:
    """All of them, the one that is read first."""
    return find_lists([root, *_folders_in(root)])


def _folders_in(root: Path) -> list[Path]:
    return [path for path in sorted(root.iterdir()) if path.is_dir()]


def agreed_list(root: Path) -> Path | None:
    """The list in the root, which holds for all splits; else the one in the folders there.

    Raises TaxonomyError where the lists of two splits differ, or two of one name.
    """
    if taken := find_list([root]):
        return taken
    found = [path for folder in _folders_in(root) if (path := find_list([folder]))]
    for other in found[1:]:
        if _must_agree(found[0], other):
            _refuse_differing(found[0], other, root)
    return found[0] if found else None


def _must_agree(one: Path, other: Path) -> bool:
    splits = {name for names in ALIASES.values() for name in names}
    return one.name.casefold() == other.name.casefold() or {one.parent.name, other.parent.name} <= splits


def _refuse_differing(one: Path, other: Path, root: Path) -> None:
    """Raises TaxonomyError where two lists do not say the same; lines with values may have any order."""
    mine, its = (sorted(read_list(path), key=lambda line: line.value or 0) for path in (one, other))
    pairs = zip_longest((line[:3] for line in mine), (line[:3] for line in its))
    if differing := next((pair for pair in pairs if pair[0] != pair[1]), None):
        raise TaxonomyError(
            f"{one} and {other} differ: {_shown(differing[0])} in the one, {_shown(differing[1])} in the other; all "
            f"labels are read by one list: if one of the two holds for all splits, put it into {root}, else export "
            "the splits again with one list"
        )


def _shown(line: tuple[str, int | None, Color | None] | None) -> str:
    """A line of a list, for messages."""
    return " ".join(str(part) for part in (line[1], line[0], line[2]) if part is not None) if line else "nothing"
