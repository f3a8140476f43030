"""Times two implementations of the same task in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypedDict


class Result(TypedDict):
    """One line of the table: times in ``unit``, ratio = theirs / ours (above 1: ours is faster)."""

    name: str
    ours: float
    theirs: float
    ratio: float
    unit: str


def compare(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int, ours_per_round: int = 1
) -> Result:
    """Median milliseconds of each, called in turn after one warm-up of ours.

    Args:
        name: name of the row.
        ours: runs our implementation once.
        theirs: runs the other implementation once.
        rounds: number of turns.
        ours_per_round: calls of ours in a turn. Use more if one call is so short that a busy machine disturbs it.
    """
    ours()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, calls, seconds in zip((ours, theirs), (ours_per_round, 1), times, strict=True):
            for _ in range(calls):
                start = time.perf_counter()
                call()
                seconds.append(time.perf_counter() - start)
    mine, other = (1e3 * statistics.median(seconds) for seconds in times)
    return Result(name=name, ours=mine, theirs=other, ratio=other / mine, unit="ms")
