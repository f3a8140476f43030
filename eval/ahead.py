"""Work that threads do while the caller goes on, with a bound on what waits."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = min(8, os.cpu_count() or 1)  # decoding, resizing and NumPy let others compute, so that threads suffice


def ahead(work: Callable[[T], R], items: Iterable[T], most: int, threads: int = THREADS) -> Generator[R, None, None]:
    """What ``work`` gives for each item, in the order of the items.

    Args:
        work: is called in threads; what it raises is raised here.
        items: are taken in the caller's thread.
        most: items that are begun beyond the one that the caller waits for.
        threads: how many.
    """
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
