"""Which frames train, validate and test.

- `official`: the split that the data set itself carries: its folders, its `splits.yaml`, or its
  `train.txt`, `val.txt`, `test.txt` with one frame name a line (both may lack test); else CamVid's published one (367,
  101 and 233 frames), stored beside this file; else, where none of these knows the frames, fastai's `valid.txt` (no
  test split then). A layout whose data sets bring no split is divided by sequences, with a word about it.
- `drives`: the last stretch of every drive is val, with a gap before it; see `camvid.layouts.drives`. Test stays the
  data set's own, where it has one.
- `sequence`: whole drives go to one split; with fewer than three, each drive is cut into three stretches.
- `random`: warns, because neighbouring frames are nearly the same picture and leak.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import yaml

from camvid.layouts.dataset import Frame
from camvid.layouts.drives import cut_drives, whole_drives
from camvid.layouts.notices import GuessWarning, LeakWarning, notice
from camvid.layouts.scan import PICTURES, SPLITS, Scan
from files.texts import read_lines, read_text
from files.yamls import load_yaml

Names: TypeAlias = dict[str, tuple[str, ...]]

NEEDED = ("train", "val")  # a data set may do without a test split
SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
HELD_OUT = {"train": 0.85, "val": 0.15}  # where a data set has a test split of its own
OFFICIAL = Path(__file__).with_name("official_split")


def split_frames(scan: Scan, split: str = "official", seed: int = 0) -> dict[str, tuple[Frame, ...]]:
    """Frames for each of train, val, test; a layout without one of the folders leaves that split empty.

    Raises ValueError naming the root, the frames that the split does not fit, and the fix.
    """
    if split not in SPLITTERS:
        raise ValueError(f"split {split!r}: allowed are {', '.join(SPLITTERS)}")
    names = SPLITTERS[split](scan, seed)
    frames = {frame.name: frame for frame in scan.frames}
    return {key: tuple(frames[name] for name in names[key]) for key in SPLITS}


def _official(scan: Scan, seed: int) -> Names:
    if scan.folders is not None:
        return scan.folders
    present = [frame.name for frame in scan.frames]
    if own := _own_lists(scan.root):
        return _checked(own, present, scan.root)
    lists = published()
    unknown = [name for name in present if not any(name in names for names in lists.values())]
    if not unknown:
        return {key: tuple(name for name in present if name in names) for key, names in lists.items()}
    valid = scan.root / "valid.txt"
    if len(unknown) == len(present) and valid.is_file():
        held_out = _read_list(valid)
        train = tuple(name for name in present if name not in held_out)
        return _checked({"train": train, "val": held_out, "test": ()}, present, scan.root)
    if scan.divided:
        return _divided(scan)
    raise ValueError(
        f"{scan.root}: split official: {len(unknown)} of {len(present)} frames are in none of CamVid's lists "
        f"(first: {unknown[0]}); take split sequence, or list the frame names in train.txt, val.txt and test.txt there"
    )


def _divided(scan: Scan) -> Names:
    """Whole drives to each split, always in the same way, where the data set brings no split."""
    names = _by_sequence(scan, seed=0)
    sizes = ", ".join(f"{key} {len(names[key])}" for key in SPLITS)
    notice(
        f"{scan.root}: nothing here says which frames validate; divided by sequences: {sizes}. To divide them "
        "otherwise, list the frame names in train.txt, val.txt and test.txt there",
        GuessWarning,
        level=5,
    )
    return names


@lru_cache(maxsize=1)
def published() -> dict[str, frozenset[str]]:
    """The frame names of CamVid's official splits."""
    return {key: frozenset(_read_list(OFFICIAL / f"{key}.txt")) for key in SPLITS}


def _own_lists(root: Path) -> Names | None:
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
    return {key: _read_list(path) if path.is_file() else () for key, path in files.items()} if there else None


def _parsed(data: Any, path: Path) -> Names:
    keys = isinstance(data, Mapping) and set(NEEDED) <= set(data) <= set(SPLITS)
    lists = keys and all(isinstance(names, list) for names in data.values())
    if not lists or not all(isinstance(name, str) for names in data.values() for name in names):
        raise ValueError(f"{path}: a mapping of train, val and maybe test to lists of frame names is needed")
    return {key: tuple(data.get(key, ())) for key in SPLITS}


def _read_list(path: Path) -> tuple[str, ...]:
    """One frame name a line; an ending such as .png is dropped."""
    lines = (line for line in read_lines(path) if line)
    return tuple(Path(line).stem if line.lower().endswith(PICTURES) else line for line in lines)


def _checked(names: Names, present: Iterable[str], root: Path) -> Names:
    """The lists name every frame once and no other."""
    listed = Counter(name for key in SPLITS for name in names[key])
    known = set(present)
    problems = {
        "listed twice": [name for name, count in listed.items() if count > 1],
        "listed but not there": [name for name in listed if name not in known],
        "in no list": sorted(known - set(listed)),
    }
    for problem, found in problems.items():
        if found:
            raise ValueError(
                f"{root}: split lists: {len(found)} frames are {problem} (first: {found[0]}); mend the lists"
            )
    return names


def _by_sequence(scan: Scan, seed: int) -> Names:
    groups = list(_sequences(scan.frames).values())
    if len(groups) < len(SPLITS):
        stretches = [_stretches([frame.name for frame in group], scan.root) for group in groups]
        return {key: tuple(name for stretch in stretches for name in stretch[key]) for key in SPLITS}
    chosen = whole_drives(groups, SHARES, seed)
    return {key: tuple(sorted(frame.name for frame in frames)) for key, frames in chosen.items()}


def _by_drives(scan: Scan, seed: int) -> Names:
    try:
        test = set(_official(scan, seed)["test"])
    except ValueError:
        test = set()
    pool = _sequences(frame for frame in scan.frames if frame.name not in test)
    chosen = {"test": sorted(test)} | cut_drives(pool.values(), HELD_OUT if test else SHARES)
    if empty := [key for key in NEEDED if not chosen[key]]:
        raise ValueError(
            f"{scan.root}: split drives: {len(scan.frames)} frames in {len(pool)} drives leave {empty[0]} empty; "
            "take split sequence"
        )
    return {key: tuple(chosen[key]) for key in SPLITS}


def _sequences(frames: Iterable[Frame]) -> dict[str, list[Frame]]:
    """The frames of each drive."""
    sequences: defaultdict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        sequences[frame.sequence].append(frame)
    return sequences


def _stretches(names: list[str], root: Path) -> Names:
    """Three stretches in order of time, so that only the frames at two borders have a neighbour elsewhere."""
    count = len(names)
    if count < len(SPLITS):
        raise ValueError(
            f"{root}: {count} frames are too few to split; at least {len(SPLITS)} in a sequence are needed"
        )
    val, test = (max(1, round(SHARES[key] * count)) for key in ("val", "test"))
    train = count - val - test
    return {
        "train": tuple(names[:train]),
        "val": tuple(names[train : train + val]),
        "test": tuple(names[train + val :]),
    }


def _at_random(scan: Scan, seed: int) -> Names:
    notice(
        f"{scan.root}: split random: neighbouring frames are nearly the same picture and leak from train into val and "
        "test, so that scores promise too much; take split official, drives or sequence",
        LeakWarning,
        level=4,
    )
    names = [frame.name for frame in scan.frames]
    np.random.default_rng(seed).shuffle(names)
    return {key: tuple(sorted(part)) for key, part in _stretches(names, scan.root).items()}


SPLITTERS: dict[str, Callable[[Scan, int], Names]] = {
    "official": _official,
    "drives": _by_drives,
    "sequence": _by_sequence,
    "random": _at_random,
}
