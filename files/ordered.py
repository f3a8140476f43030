"""Work on many files by all cores, with a bound on what is ready and not yet taken."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """The cores that this process may use: a container or a batch system can leave it fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
