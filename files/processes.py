"""Work by several processes, which end together with the process that started them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

from files.interrupts import deferring
from files.ordered import in_order

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def mapping(work: Callable[[T], R], items: Iterable[T], processes: int) -> Iterator[Generator[R, None, None]]:
    """In this block, the results in the order of the items, as from `map_ordered`, by processes instead of threads.

    After an error in the block, after Ctrl-C, and when this process is killed, the processes end at once. Each one is
    a new interpreter: a fork would lack the threads of libraries such as OpenCV, but keep the locks that they held. A
    program that uses this must do its work under `if __name__ == "__main__"`.

    Args:
        work: a function of a module, which can be pickled, as the items and the results.
        items: taken one by one. At most two for each process are begun and not yet taken.
        processes: how many, 1 or more.

    Raises:
        BrokenProcessPool: one of the processes was killed.
    """
    context = get_context("spawn")
    alive, end = context.Pipe(duplex=False)  # `end` is open as long as this block and this process last

    def submit(item: T) -> Future[R]:
        with deferring():  # it may start a process
            return pool.submit(work, item)

    with alive, ProcessPoolExecutor(processes, context, _end_with, (alive,)) as pool, end:
        yield in_order(submit, items, 2 * processes)
        pool.shutdown()


def _end_with(alive: Connection) -> None:
    threading.Thread(target=_await_end, args=(alive,), daemon=True).start()


def _await_end(alive: Connection) -> None:
    alive.poll(None)
    os._exit(0)
