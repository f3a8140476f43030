"""Which frames train, validate and test.

- `official`: the split that the data set itself carries: its folders, its `splits.yaml`, or its
  `train.txt`, `val.txt`, `test.txt` with one frame name a line (both may lack test); else CamVid's published one (367,
  101 and 233 frames), stored beside this file; else, where none of these knows the frames, fastai's `valid.txt` (no
  test split then). A layout whose data sets bring no split is divided by sequences, or by a hash of the name, with
  a word about it.
- `drives`: the last stretch of every drive is val, with a gap before it; see `camvid.layouts.drives`. Test stays the
  data set's own, where it has one.
- `sequence`: whole drives go to one split; with fewer than three, each drive is cut into three stretches.
- `random`: warns, because neighbouring frames are nearly the same picture and leak.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from camvid.layouts.dataset import Frame
from camvid.layouts.drives import cut_drives, whole_drives
from camvid.layouts.notices import GuessWarning, LeakWarning, notice
from camvid.layouts.scan import SPLITS, Scan
from camvid.layouts.split_lists import NEEDED, Names, checked, own_lists, published, read_names
from files.amounts import being, counted

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
HELD_OUT = {"train": 0.85, "val": 0.15}  # where a data set has a test split of its own


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
    if names := _brought(scan):
        return names
    if scan.divided:
        return _divided(scan)
    unknown = _unknown(scan)
    raise ValueError(
        f"{scan.root}: split official: {len(unknown)} of {len(scan.frames)} frames are in none of CamVid's lists "
        f"(first: {unknown[0]}); take split sequence, or list the frame names in train.txt, val.txt and test.txt there"
    )


def _unknown(scan: Scan) -> list[str]:
    """The frames that CamVid's lists do not name."""
    known = frozenset[str]().union(*published().values())
    return [frame.name for frame in scan.frames if frame.name not in known]


def _brought(scan: Scan) -> Names | None:
    """The split that the data set brings, or CamVid's own for its frames."""
    if scan.folders is not None:
        return scan.folders
    present = [frame.name for frame in scan.frames]
    if own := own_lists(scan.root):
        return _checked(scan, own)
    unknown = _unknown(scan)
    if not unknown:
        return {key: tuple(name for name in present if name in names) for key, names in published().items()}
    valid = scan.root / "valid.txt"
    if len(unknown) == len(present) and valid.is_file():
        held_out = read_names(valid)
        train = tuple(name for name in present if name not in held_out)
        return _checked(scan, {"train": train, "val": held_out, "test": ()})
    return None


def _checked(scan: Scan, names: Names) -> Names:
    """The lists without the frames that are left out, as only their depth is known; all others must fit."""
    bare = {one.frame.name for one in scan.bare}
    kept = {key: tuple(name for name in listed if name not in bare) for key, listed in names.items()}
    return checked(kept, [frame.name for frame in scan.frames], scan.root)


def _divided(scan: Scan) -> Names:
    """Always in the same way, where the data set brings no split: whole drives to each, or where names tell no drive,
    by a hash of the name, which leaves a frame in its split when others come.
    """
    drives = 2 * len(_sequences(scan.frames)) <= len(scan.frames)
    names = _by_sequence(scan, seed=0) if drives else _by_hash([frame.name for frame in scan.frames], scan.root)
    way = "sequences, by the beginning of their names" if drives else "a hash of the name, as no names begin alike"
    sizes = ", ".join(f"{key} {len(names[key])}" for key in SPLITS)
    notice(
        f"{scan.root}: nothing here says which frames validate; divided by {way}: {sizes}. To divide them "
        "otherwise, list the frame names in train.txt, val.txt and test.txt there",
        GuessWarning,
        level=5,
    )
    return names


def _by_hash(names: list[str], root: Path) -> Names:
    """Each name's own place in its split; of few names, whose places leave a split empty, the order of places."""
    places = {name: int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 16**8 for name in names}
    first, second = SHARES["train"], SHARES["train"] + SHARES["val"]
    bounds = {"train": (0, first), "val": (first, second), "test": (second, 1)}
    split = {key: tuple(n for n in names if low <= places[n] < high) for key, (low, high) in bounds.items()}
    return split if all(split.values()) else _stretches(sorted(names, key=places.__getitem__), root)


def _by_sequence(scan: Scan, seed: int) -> Names:
    groups = list(_sequences(scan.frames).values())
    if len(groups) < len(SPLITS):
        stretches = [_stretches([frame.name for frame in group], scan.root) for group in groups]
        return {key: tuple(name for stretch in stretches for name in stretch[key]) for key in SPLITS}
    chosen = whole_drives(groups, SHARES, seed)
    return {key: tuple(sorted(frame.name for frame in frames)) for key, frames in chosen.items()}


def _by_drives(scan: Scan, seed: int) -> Names:
    try:
        test = set((_brought(scan) or {}).get("test", ()))
    except ValueError:
        test = set()
    pool = _sequences(frame for frame in scan.frames if frame.name not in test)
    chosen = {"test": sorted(test)} | cut_drives(pool.values(), HELD_OUT if test else SHARES)
    if empty := [key for key in NEEDED if not chosen[key]]:
        raise ValueError(
            f"{scan.root}: split drives: {counted(len(scan.frames), 'frame')} in {counted(len(pool), 'drive')} leave "
            f"{empty[0]} empty; take split sequence"
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
            f"{root}: {being(count, 'frame')} too few to split; at least {len(SPLITS)} in a sequence are needed"
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
