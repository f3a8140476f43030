"""Lists of names alone: codes.txt as fastai has it, classes.txt, and others with one name a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from files.amounts import counted
from files.texts import read_lines

CODES = "codes.txt"
COMMENT = "#"
_NUMBERED = re.compile(r"(?P<number>\d+)\s*[\s:,.;=)-]\s*(?P<name>\S.*)")


def read_codes(path: Path) -> tuple[str, ...]:
    """fastai's codes.txt, one name a line: the i-th names value i of the masks.

    Lines that begin with # are comments. Where all names have the numbers 0, 1, 2, … before them, those are left out.

    Raises ValueError naming the file.
    """
    raw = read_lines(path)
    lines = "\n".join(line for line in raw if not line.startswith(COMMENT)).rstrip()
    names = _unnumbered(path, (lines.lstrip("\n") if raw[:1] and raw[0].startswith(COMMENT) else lines).split("\n"))
    if not any(names):
        raise ValueError(f"{path}: lists no class; write the names of the classes, one a line")
    if not all(names):
        raise ValueError(f"{path}, line {_blank(raw)}: empty, with names behind it; remove it, or write a name there")
    if len(names) > 256:
        raise ValueError(f"{path}: {len(names)} names, and a label of 8 bits has at most 256 values; list fewer")
    refuse_twice(path, "", names)
    return names


def _blank(lines: Sequence[str]) -> int:
    """The number of the first empty line that stands for a value; those between comments and the first name do not."""
    begin = next((place for place, line in enumerate(lines) if not line.startswith(COMMENT)), 0)
    if begin:
        begin = next(place for place, line in enumerate(lines) if line and not line.startswith(COMMENT))
    return next(place for place, line in enumerate(lines, 1) if not line and place > begin)


def _unnumbered(path: Path, lines: Sequence[str]) -> tuple[str, ...]:
    """Names without the numbers before them. Raises ValueError for numbers that are not those of the lines."""
    found = [_NUMBERED.fullmatch(line) for line in lines if line]
    if not found or not all(found):
        return tuple(lines)
    if wrong := _misplaced([line for line in lines if line]):
        raise ValueError(
            f"{path}: numbers stand before the names, and they are not 0, 1, 2, … in this order (first: {wrong[0]!r}); "
            "remove them and put the names in the order of the values, or list both in a _classes.csv, whose "
            "first line is `Pixel Value, Class`"
        )
    return tuple(match["name"] for match in found if match)


def _misplaced(lines: Sequence[str]) -> list[str]:
    """The lines that do not begin with their number, the first one with 0."""
    found = [_NUMBERED.fullmatch(line) for line in lines]
    return [line for place, line in enumerate(lines) if not (m := found[place]) or int(m["number"]) != place]


def passed_over(path: Path) -> str:
    """What a list of names has besides them, one line; empty for a plain list, and for one of another form."""
    lines = [line for line in read_lines(path) if line] if path.suffix.lower() == ".txt" else []
    names = [line for line in lines if not line.startswith(COMMENT)]
    said = [f"{counted(len(lines) - len(names), 'comment')} passed over"] if len(names) < len(lines) else []
    said += ["the numbers before the names are the values"] if names and not _misplaced(names) else []
    return f"{path.name}: {'; '.join(said)}" if said else ""


def about_comments(path: Path) -> str:
    """The end of a message that a list of names does not fit the labels; empty if no line of it begins with #."""
    count = sum(line.startswith(COMMENT) for line in read_lines(path))
    left_out = f"{counted(count, 'line')} of it {'begins' if count == 1 else 'begin'} with {COMMENT} and"
    return f"; {left_out} {'is' if count == 1 else 'are'} left out" if count else ""


def refuse_twice(path: Path, what: str, values: Sequence[object]) -> None:
    """Raises ValueError for the first value that stands twice in a list; `what` is the kind of value, or nothing."""
    if repeated := [value for value, count in Counter(values).items() if count > 1]:
        raise ValueError(f"{path}: {what}{repeated[0]!r} is listed twice")
