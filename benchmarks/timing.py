"""Two ways to the same thing, timed side by side."""

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


def compare(name: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> Result:
    """Median milliseconds of each, called in turn ``rounds`` times after one warm-up of ours."""
    ours()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, seconds in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
    mine, other = (1e3 * statistics.median(seconds) for seconds in times)
    return Result(name=name, ours=mine, theirs=other, ratio=other / mine, unit="ms")
