"""What is wrong with the splits of a data set, one line for each fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camvid.layouts import SPLITS, Frame, Scan
from camvid.layouts.recognise import describe_folder
from camvid.layouts.split_lists import NEEDED, ListsError
from camvid.layouts.splits import split_frames
from camvid.remarks import way_to_val


def checked_splits(scan: Scan, split: str, seed: int) -> tuple[Mapping[str, Sequence[Frame]], list[str]]:
    """The splits, and what is wrong with them. There are no splits if they do not fit the frames."""
    try:
        splits = split_frames(scan, split, seed)
    except ListsError as error:
        return {}, error.faults
    except ValueError as error:
        return {}, [str(error)]
    folders = scan.folders is not None
    needed = [key for key in SPLITS if key in NEEDED or (folders and _expected(scan, key))]
    faults = []
    for key in (key for key in needed if not splits[key] and not _only_judged(scan, splits, key)):
        there = folders and (scan.root / key).is_dir()
        why = f": {describe_folder(scan.root / key)}" if there else ""
        faults.append(f"{scan.root}: split {key} is empty{why}{way_to_val(splits) if key == 'val' else ''}")
    return splits, faults


def _only_judged(scan: Scan, splits: Mapping[str, Sequence[Frame]], split: str) -> bool:
    """Whether a train split is empty because there is no folder for it, or no label: others can be evaluated."""
    return split == "train" and not _expected(scan, split) and any(splits.values())


def _expected(scan: Scan, split: str) -> bool:
    """Whether an optional split must have pairs: it has a folder, and its frames are not all without labels."""
    return (scan.root / split).exists() and split not in scan.unlabelled
