"""Lists of frame names, one for each split: those that a data set brings, and CamVid's published ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from camvid.layouts.scan import PICTURES, SPLITS, plain
from files.amounts import being
from files.texts import read_lines, read_text
from files.yamls import load_yaml

Names: TypeAlias = dict[str, tuple[str, ...]]

NEEDED = ("train", "val")  # a data set may do without a test split
DRIVES = ("0001TP", "0006R0", "0016E5", "Seq05VD")  # with which the names of CamVid's frames begin
OFFICIAL = Path(__file__).with_name("official_split")


@lru_cache(maxsize=1)
def published() -> dict[str, frozenset[str]]:
    """The frame names of CamVid's official splits."""
    return {key: frozenset(read_names(OFFICIAL / f"{key}.txt")) for key in SPLITS}


def own_lists(root: Path) -> Names | None:
    """The lists that a data set ships at its root, if it does."""
    stored = root / "splits.yaml"
    if stored.is_file():
        try:
            data = load_yaml(read_text(stored))
        except yaml.YAMLError as error:
            raise ValueError(f"{stored}: not valid YAML: {' '.join(str(error).split())}") from error
        return _parsed(data, stored)
    files = {key: root / f"{key}.txt" for key in SPLITS}
    there = [path for path in files.values() if path.is_file()]
    absent = [path for key, path in files.items() if key in NEEDED and not path.is_file()]
    if there and absent:
        raise ValueError(f"{absent[0]}: missing beside {there[0].name}; train.txt and val.txt are needed, test.txt not")
    return {key: read_names(path) if path.is_file() else () for key, path in files.items()} if there else None


def _parsed(data: Any, path: Path) -> Names:
    keys = isinstance(data, Mapping) and set(NEEDED) <= set(data) <= set(SPLITS)
    lists = keys and all(isinstance(names, list) for names in data.values())
    if not lists or not all(isinstance(name, str) for names in data.values() for name in names):
        raise ValueError(f"{path}: a mapping of train, val and maybe test to lists of frame names is needed")
    return {key: tuple(map(plain, data.get(key, ()))) for key in SPLITS}


def read_names(path: Path) -> tuple[str, ...]:
    """One frame name a line; an ending such as .png is dropped."""
    lines = (plain(line) for line in read_lines(path) if line)
    return tuple(Path(line).stem if line.lower().endswith(PICTURES) else line for line in lines)


class ListsError(ValueError):
    """Split lists that do not fit the frames; `faults` has a line for each frame."""

    def __init__(self, message: str, faults: list[str]) -> None:
        super().__init__(message)
        self.faults = faults


def checked(names: Names, present: Iterable[str], root: Path) -> Names:
    """The lists, which name every frame once and no other; else raises ListsError."""
    listed = Counter(name for key in SPLITS for name in names[key])
    known = set(present)
    problems = {
        "listed twice": [name for name, count in listed.items() if count > 1],
        "listed but not there": [name for name in listed if name not in known],
        "in no list": sorted(known - set(listed)),
    }
    where = f"{root}: split lists"
    faults = [f"{where}: {name} is {what}; mend the lists" for what, found in problems.items() for name in found]
    for problem, found in problems.items():
        if found:
            message = f"{being(len(found), 'frame')} {problem} (first: {found[0]}); mend the lists"
            raise ListsError(f"{where}: {message}", faults)
    return names
