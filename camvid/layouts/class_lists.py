"""Lists of classes, as data sets and annotation tools write them: the names of values and colours of label pictures."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from camvid.entries import Color, color, text
from camvid.layouts.codes import CODES, COMMENT, read_codes, refuse_twice
from files.jsons import read_json
from files.texts import read_lines

# They lie in the root of a data set, or in a folder there.
FILES = (
    "classes.txt",
    CODES,
    "class_dict.csv",
    "labelmap.txt",
    "label_colors.txt",
    "_classes.csv",
    "class_names.txt",
    "categories.json",
    "*_categories.json",
    "notes.json",
)
_LABELMAP = re.compile(r"(?P<name>.+?):(?P<color>\d+,\d+,\d+):[^:]*:[^:]*")
_COLORED = re.compile(r"\d+\s+\d+\s+\d+\s+\S.*")


class Listed(NamedTuple):
    """A line of such a list.

    Attributes:
        name: of the class.
        value: in index labels; None where the list has colours alone.
        color: in coloured labels; None where the list has none.
        by_line: the list does not say values; that of this one is the number of its line, unless labels say otherwise.
    """

    name: str
    value: int | None = None
    color: Color | None = None
    by_line: bool = False


def find_list(folders: Iterable[Path]) -> Path | None:
    """The first list of classes in these folders, whose name may be in upper or lower case."""
    return next(find_lists(folders), None)


def find_lists(folders: Iterable[Path]) -> Iterator[Path]:
    """All lists of classes in these folders; the first one is that which is read."""
    for folder in folders:
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
        yield from (path for pattern in FILES for path in files if fnmatchcase(path.name.casefold(), pattern))


def read_list(path: Path) -> tuple[Listed, ...]:
    """Names of classes from codes.txt or classes.txt, class_dict.csv, CVAT's labelmap.txt, CamVid's label_colors.txt,
    Roboflow's _classes.csv, or the categories of COCO (.json), told apart by what they hold.

    Raises ValueError naming the file, the line and what is needed; FileNotFoundError for a missing file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: missing; give a list of classes, such as classes.txt with one name a line")
    if path.suffix.lower() == ".json":
        return _categories(path)
    lines = [line for line in read_lines(path) if line and not line.startswith(COMMENT)]
    if path.suffix.lower() == ".csv":
        head = [column.strip().casefold() for column in (lines or [""])[0].split(",")]
        return _pixel_values(path, lines) if head[:2] == ["pixel value", "class"] else _colored(read_class_dict(path))
    if lines and all(map(_LABELMAP.fullmatch, lines)):
        return _labelmap(path, lines)
    if lines and all(map(_COLORED.fullmatch, lines)):
        return _colored(read_label_colors(path))
    return tuple(Listed(name, value, by_line=True) for value, name in enumerate(read_codes(path)))


def _colored(palette: Mapping[str, Color]) -> tuple[Listed, ...]:
    return tuple(Listed(name, None, value) for name, value in palette.items())


def _labelmap(path: Path, lines: Iterable[str]) -> tuple[Listed, ...]:
    found = [match for line in lines if (match := _LABELMAP.fullmatch(line))]
    colors = [[int(part) for part in match["color"].split(",")] for match in found]
    listed = [
        Listed(match["name"], None, color(value, f"{path}: {match['name']}"))
        for match, value in zip(found, colors, strict=True)
    ]
    return _unique(path, listed)


def _pixel_values(path: Path, lines: Iterable[str]) -> tuple[Listed, ...]:
    listed = []
    for row in list(csv.reader(lines, skipinitialspace=True))[1:]:
        if len(row) < 2 or not row[0].strip().isdecimal():
            raise ValueError(f"{path}: a pixel value and a class are needed in each line, got {','.join(row)!r}")
        listed.append(Listed(text(row[1].strip(), f"{path}: class {row[0]}"), int(row[0])))
    return _unique(path, listed)


def _categories(path: Path) -> tuple[Listed, ...]:
    data = read_json(path)
    entries = data.get("categories") if isinstance(data, dict) else data
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{path}: a list of categories with id and name is needed, as COCO has it")
    return _unique(path, [_category(path, entry) for entry in entries])


def _category(path: Path, entry: Mapping[str, Any]) -> Listed:
    name, value = text(entry.get("name"), f"{path}: name"), entry.get("id")
    if type(value) is not int or not 0 <= value < 1 << 16:
        raise ValueError(f"{path}: {name}: id must be a whole number from 0 to 65535, got {value!r}")
    return Listed(name, value, color(entry["color"], f"{path}: {name}: color") if "color" in entry else None)


def _unique(path: Path, listed: Iterable[Listed]) -> tuple[Listed, ...]:
    listed = tuple(listed)
    if not listed:
        raise ValueError(f"{path}: lists no class")
    refuse_twice(path, "name ", [one.name for one in listed])
    refuse_twice(path, "value ", [one.value for one in listed if one.value is not None])
    return listed


def read_class_dict(path: Path) -> dict[str, Color]:
    """Kaggle's class_dict.csv with columns name, r, g, b, in any order and case, and maybe others.

    Raises ValueError naming the line.
    """
    lines = _without_comments(path)
    head = next((place for place, line in enumerate(lines) if line), 0)
    rows = csv.DictReader(lines[head:], skipinitialspace=True)
    columns = [column.strip() for column in rows.fieldnames or ()]
    rows.fieldnames = [column.casefold() for column in columns]
    if not {"name", "r", "g", "b"} <= set(rows.fieldnames):
        raise ValueError(f"{path}: the first line must name the columns name,r,g,b; got {','.join(columns)!r}")
    pairs = [_pair(path, head + rows.line_num, row["name"], [row["r"], row["g"], row["b"]]) for row in rows]
    return _palette(path, pairs)


def read_label_colors(path: Path) -> dict[str, Color]:
    """CamVid's label_colors.txt, "R G B name" a line. Raises ValueError naming the line."""
    rows = [(number, line.split()) for number, line in enumerate(_without_comments(path), 1) if line]
    pairs = [_pair(path, number, " ".join(parts[3:]), parts[:3]) for number, parts in rows]
    return _palette(path, pairs)


def _without_comments(path: Path) -> list[str]:
    """The lines of a table, those that begin with # left empty, so that the others keep their numbers."""
    return ["" if line.startswith(COMMENT) else line for line in read_lines(path)]


def _pair(path: Path, number: int, name: str | None, color: Sequence[str | None]) -> tuple[str, Color]:
    values = [int(text) for text in color if text and text.strip().isdecimal()]
    if not name or not name.strip() or len(values) != 3 or max(values) > 255:
        raise ValueError(f"{path}, line {number}: a name and R, G, B from 0 to 255 are needed, got {name!r}, {color}")
    return name.strip(), (values[0], values[1], values[2])


def _palette(path: Path, pairs: list[tuple[str, Color]]) -> dict[str, Color]:
    if not pairs:
        raise ValueError(f"{path}: lists no class")
    refuse_twice(path, "", [name for name, _ in pairs])
    return dict(pairs)
