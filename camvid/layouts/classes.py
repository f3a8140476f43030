"""Lists of classes as annotation tools write them: which values and colours of label pictures have which name."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from camvid.entries import Color, color, text
from camvid.layouts.tables import read_class_dict, read_codes, read_label_colors
from camvid.taxonomy import Taxonomy, TaxonomyError, load_taxonomy
from files.texts import read_lines, read_text

# Where they lie: in the root of a data set, in the folder of its labels, or in that of its train split.
FILES = (
    "classes.txt",
    "codes.txt",
    "class_dict.csv",
    "labelmap.txt",
    "label_colors.txt",
    "_classes.csv",
    "class_names.txt",
    "categories.json",
    "*_categories.json",
    "notes.json",
)
NO_CLASS = {"void", "unlabeled", "unlabelled", "ignore", "ignored", "outofroi"}  # names that no class has
KNOWN = ("cityscapes19", "camvid11", "mapillary65", "voc21")  # whose priorities hold for classes of the same names
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
    """The first list of classes in these folders."""
    found = (path for folder in folders for pattern in FILES for path in sorted(folder.glob(pattern)))
    return next((path for path in found if path.is_file()), None)


def read_list(path: Path) -> tuple[Listed, ...]:
    """Names of classes from codes.txt or classes.txt, class_dict.csv, CVAT's labelmap.txt, CamVid's label_colors.txt,
    Roboflow's _classes.csv, or the categories of COCO (.json), told apart by what they hold.

    Raises ValueError naming the file, the line and what is needed; FileNotFoundError for a missing file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: missing; give a list of classes, such as classes.txt with one name a line")
    if path.suffix.lower() == ".json":
        return _categories(path)
    lines = [line for line in read_lines(path) if line and not line.startswith("#")]
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
    try:
        data = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not valid JSON: {error}") from error
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
    for what, values in (("name", [one.name for one in listed]), ("value", [one.value for one in listed])):
        if repeated := [value for value, count in Counter(values).items() if value is not None and count > 1]:
            raise ValueError(f"{path}: {what} {repeated[0]!r} is listed twice")
    return listed


def taxonomy_of(listed: Iterable[Listed], origin: str) -> Taxonomy:
    """A class for each name of a list but those that mean void; what is a priority class elsewhere is one here.

    Raises TaxonomyError naming `origin`, where the list stands.
    """
    kept = [one for one in listed if one.name.casefold() not in NO_CLASS]
    if not kept:
        raise TaxonomyError(f"{origin}: lists no class but void")
    given = [one.color for one in kept if one.color]
    free = (value for value in map(distinct_color, range(1, 1 << 24)) if value not in given)
    alone = {value for value, count in Counter(given).items() if count == 1}
    colors = [one.color if one.color in alone else next(free) for one in kept]
    entries = [_entry(one.name, value) for one, value in zip(kept, colors, strict=True)]
    return Taxonomy.from_dict({"name": "own", "classes": entries}, origin)


def _entry(name: str, value: Color | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name.replace("/", "_"), "color": list(value or ())}
    return entry | ({"collects": [name]} if "/" in name else {}) | known_flags(name)


def known_flags(name: str) -> dict[str, bool]:
    """The flags (priority, background) of the known class that collects this name; none for an unknown name."""
    name = _plain(name)
    if name == "background":
        return {"background": True}
    for known in map(load_taxonomy, KNOWN):
        for source, index in known.sources.items():
            if _plain(source) == name:
                spec = known.classes[index]
                return {flag: True for flag in ("priority", "background") if getattr(spec, flag)}
    return {}


def _plain(name: str) -> str:
    """Traffic light, traffic_light and TrafficLight are one name."""
    return re.sub(r"[\W_]", "", name.casefold())


def distinct_color(number: int) -> Color:
    """A colour for each number, far from that of its neighbours: those of VOC's palette, by spreading its bits."""
    red, green, blue = (
        sum((number >> 3 * step + channel & 1) << 7 - step for step in range(8)) for channel in range(3)
    )
    return red, green, blue
