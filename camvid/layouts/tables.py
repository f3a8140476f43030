"""The small text files in which data sets list their classes: codes.txt, class_dict.csv, label_colors.txt."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from camvid.taxonomy import Color
from files.texts import read_lines

CODES = "codes.txt"
_NUMBERED = re.compile(r"\d+[\s:,.=]")


def read_codes(path: Path) -> tuple[str, ...]:
    """fastai's codes.txt, one name a line: the i-th names value i of the masks. Raises ValueError naming the file."""
    names = tuple("\n".join(read_lines(path)).rstrip().split("\n"))
    if not all(names) or len(names) > 256:
        raise ValueError(f"{path}: 1 to 256 names are needed, one a line and no empty line between them")
    for number, name in enumerate(names, 1):
        if name.startswith("#"):
            raise ValueError(f"{path}: line {number} is a comment, {name!r}, and would count as a class; remove it")
    if all(_NUMBERED.match(name) for name in names):
        raise ValueError(
            f"{path}: numbers stand before the names, as in {names[0]!r}; remove them, and put the names in the order "
            "of the values"
        )
    _unique(path, names)
    return names


def read_class_dict(path: Path) -> dict[str, Color]:
    """Kaggle's class_dict.csv with columns name, r, g, b and maybe others. Raises ValueError naming the line."""
    rows = csv.DictReader(read_lines(path), skipinitialspace=True)
    columns = [column.strip() for column in rows.fieldnames or ()]
    rows.fieldnames = columns
    if not {"name", "r", "g", "b"} <= set(columns):
        raise ValueError(f"{path}: the first line must name the columns name,r,g,b; got {','.join(columns)!r}")
    pairs = [_pair(path, rows.line_num, row["name"], [row["r"], row["g"], row["b"]]) for row in rows]
    return _palette(path, pairs)


def read_label_colors(path: Path) -> dict[str, Color]:
    """CamVid's label_colors.txt, "R G B name" a line. Raises ValueError naming the line."""
    rows = [(number, line.split()) for number, line in enumerate(read_lines(path), 1) if line]
    pairs = [_pair(path, number, " ".join(parts[3:]), parts[:3]) for number, parts in rows]
    return _palette(path, pairs)


def _pair(path: Path, number: int, name: str | None, color: Sequence[str | None]) -> tuple[str, Color]:
    values = [int(text) for text in color if text and text.strip().isdecimal()]
    if not name or not name.strip() or len(values) != 3 or max(values) > 255:
        raise ValueError(f"{path}, line {number}: a name and R, G, B from 0 to 255 are needed, got {name!r}, {color}")
    return name.strip(), (values[0], values[1], values[2])


def _palette(path: Path, pairs: list[tuple[str, Color]]) -> dict[str, Color]:
    if not pairs:
        raise ValueError(f"{path}: lists no class")
    _unique(path, [name for name, _ in pairs])
    return dict(pairs)


def _unique(path: Path, names: tuple[str, ...] | list[str]) -> None:
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"{path}: {repeated[0]!r} is listed twice")
