"""Drives cut into stretches of time, so that val shows every drive and yet no moment that train has seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median

import numpy as np

from camvid.layouts.dataset import Frame

GAP = 0.05  # of a drive's frames, that lie between two splits and are in neither
SHORTEST = 10  # frames of a drive that is cut; a shorter one goes whole to one split
DENSE = 0.25  # of a drive's usual step: frames that follow each other faster belong to a dense clip


def cut_drives(drives: Iterable[Sequence[Frame]], shares: Mapping[str, float]) -> dict[str, list[str]]:
    """The names of each split, in the order of `shares` along every drive.

    A dense clip (CamVid's official val is one: 15 frames a second, where the others are a second apart) is thinned to
    the usual step of its drive first. Thinned frames, and those between two splits, are left out. Drives of fewer than
    `SHORTEST` frames go whole to one split. No seed changes it, so that trainings that differ by seed are comparable.

    Args:
        drives: the frames of each drive.
        shares: the share of each split, train first; they need not sum to one.
    """
    thinned = [_thinned(sorted(drive, key=_moment)) for drive in drives]
    chosen = whole_drives([drive for drive in thinned if len(drive) < SHORTEST], shares, seed=0)
    for drive in (drive for drive in thinned if len(drive) >= SHORTEST):
        for key, stretch in _stretches(drive, shares).items():
            chosen[key] += stretch
    return {key: sorted(frame.name for frame in frames) for key, frames in chosen.items()}


def whole_drives(drives: Sequence[Sequence[Frame]], shares: Mapping[str, float], seed: int) -> dict[str, list[Frame]]:
    """Each drive goes whole to one split, the longest first, so that none is empty if there are drives enough."""
    drives = list(drives)
    np.random.default_rng(seed).shuffle(drives)  # type: ignore[arg-type]
    drives.sort(key=len, reverse=True)
    total = sum(map(len, drives)) / sum(shares.values())
    chosen: dict[str, list[Frame]] = {key: [] for key in shares}
    for left, drive in zip(range(len(drives), 0, -1), drives, strict=True):
        empty = [key for key in shares if not chosen[key]]
        open_keys = empty if left == len(empty) else shares
        chosen[max(open_keys, key=lambda key: shares[key] * total - len(chosen[key]))] += drive
    return chosen


def _stretches(drive: Sequence[Frame], shares: Mapping[str, float]) -> dict[str, Sequence[Frame]]:
    """One stretch of a drive for each split, with a gap between two of them; the first takes what is left."""
    first, *later = shares
    gap = max(1, round(GAP * len(drive)))
    stretches: dict[str, Sequence[Frame]] = {}
    end = len(drive)
    for key in reversed(later):
        begin = end - max(1, round(shares[key] / sum(shares.values()) * len(drive)))
        stretches[key] = drive[begin:end]
        end = begin - gap
    return stretches | {first: drive[:end]}


def _thinned(drive: Sequence[Frame]) -> list[Frame]:
    """The drive without the frames of a dense clip that lie nearer to the last kept one than the usual step."""
    steps = [_moment(after)[0] - _moment(before)[0] for before, after in pairwise(drive)]
    usual = median(steps) if steps else 0
    kept = list(drive[:1])
    for frame, step in zip(drive[1:], steps, strict=True):
        if step >= DENSE * usual or _moment(frame)[0] - _moment(kept[-1])[0] >= usual:
            kept.append(frame)
    return kept


def _moment(frame: Frame) -> tuple[int, str]:
    """The number at the end of a frame's name, which counts frames of the film; the name itself breaks ties."""
    number = re.search(r"(\d+)\D*$", frame.name)
    return int(number[1]) if number else 0, frame.name
