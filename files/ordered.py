"""Work on many files by all cores, with a bound on what is ready and not yet taken."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def cores(limits: Path = Path("/sys/fs/cgroup")) -> int:
    """The cores that this process may use: a container or a batch system can leave it fewer than the machine has.

    `limits`: the folder in which Linux says how much of their time a container may use.
    """
    free = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(free, _share(limits) or free)


def _share(limits: Path) -> int:
    """The cores whose time a container may use, rounded up; 0 if there is no limit."""
    new, old = limits / "cpu.max", (limits / "cpu/cpu.cfs_quota_us", limits / "cpu/cpu.cfs_period_us")
    try:
        words = new.read_text().split() if new.exists() else [path.read_text() for path in old]
        quota, period = map(int, words)
    except (OSError, ValueError):  # another system, or "max"
        return 0
    return max(0, math.ceil(quota / period))


def map_ordered(
    work: Callable[[T], R], items: Iterable[T], threads: int | None = None, most: int | None = None
) -> Generator[R, None, None]:
    """As `map`, by threads: the results in the order of the items, while later items are worked on.

    The items that are begun and not yet taken are bounded, so that a slow taker does not fill the memory. Where the
    taker stops early, or an item raises, what has not begun is left.

    Args:
        work: best spends its time where the lock of the interpreter is free, as decoders, hashes and disks do.
        items: taken one by one, in the caller's thread.
        threads: one for each core by default.
        most: items that are begun and not yet taken, at least 1; twice as many as threads by default.
    """
    threads = threads or cores()
    pool = ThreadPoolExecutor(threads)
    try:
        yield from in_order(lambda item: pool.submit(work, item), items, most or 2 * threads)
    finally:
        pool.shutdown(cancel_futures=True)


def in_order(submit: Callable[[T], Future[R]], items: Iterable[T], most: int) -> Generator[R, None, None]:
    """The results in the order of the items, of which at most `most` are submitted and not yet taken."""
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(submit(item))
        if len(waiting) == most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
