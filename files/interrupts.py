"""Ctrl-C ends a program with one line and exit code 130, without a traceback.

A program begins with `end_at_once`: Ctrl-C then ends it where it stands. In a block that must end or take away what it
has begun, such as a run or a temporary folder, Ctrl-C raises `KeyboardInterrupt` instead: see `unwinding`. A terminal
sends Ctrl-C to all processes of a program; those that were forked leave it to the first one, which ends them.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from files.streams import outlast_output

INTERRUPTED = 130  # what shells report for a program that Ctrl-C has ended
LINE = "interrupted"
SOON = 0.1  # seconds
_ending: set[int] = set()  # the process that Ctrl-C ends; those that were forked from it leave that to it


def end_at_once() -> None:
    """From now on Ctrl-C ends this process at once, unless its parent has switched Ctrl-C off, as `nohup` does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _ending.add(os.getpid())
        os.register_at_fork(after_in_child=_leave_to_parent)
        sys.unraisablehook = _repeat
        signal.signal(signal.SIGINT, _end)


@contextmanager
def unwinding() -> Iterator[None]:
    """In this block Ctrl-C raises KeyboardInterrupt where it would end the process at once; a second one ends it."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not _end:
        yield
        return
    signal.signal(signal.SIGINT, _raise)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _raise:
            signal.signal(signal.SIGINT, _end)


@contextmanager
def deferring() -> Iterator[None]:
    """In this block Ctrl-C has to wait. Processes that are started in it never hear it: this one must end them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def advising(advice: str) -> Iterator[None]:
    """What the user can do after Ctrl-C in this block, for the line that is printed. An inner block's goes first."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(*(error.args or [advice])) from None


def run_program(main: Callable[[], int], outlast: bool = False) -> NoReturn:
    """Ends the process with the exit code that `main` returns, or as after Ctrl-C.

    With `outlast` it goes on if its output cannot be written: see `outlast_output`.
    """
    if outlast:
        outlast_output()
    try:
        code = main()
    except KeyboardInterrupt as error:
        print(f"\n{LINE}{(error.args and f'; {error}') or ''}", file=sys.stderr)
        code = INTERRUPTED
    _leave(code)


def _leave(code: int) -> NoReturn:
    """Ends the process as `sys.exit` does, but without taking its modules apart: of torch's that takes 1 to 2 seconds.

    Threads are waited for, and what was registered to be done at the end is done.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    _run_exit_functions(code)
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # a stream that is closed is None
            stream.flush()
    except OSError:  # a full disk, or a pipe that nobody reads any more
        sys.exit(code)  # which reports it
    os._exit(code)


def _run_exit_functions(code: int) -> None:
    """Does what was registered to be done at the end. W&B's client learns the exit code from the call of `sys.exit`."""
    with suppress(SystemExit):
        sys.exit(code)
    atexit._run_exitfuncs()


def _end(*_: Any) -> None:
    if os.getpid() not in _ending:  # the signal came between the fork and `_leave_to_parent`
        return
    signal.signal(signal.SIGINT, _kill)
    sys.unraisablehook = lambda _: None  # a module that is half imported may leave a function that fails
    _run_exit_functions(INTERRUPTED)  # which take away temporary folders, those of W&B's client too
    _kill()


def _kill(*_: Any) -> NoReturn:
    with suppress(Exception):  # a stream that is being written to at this moment, or that nobody reads any more
        sys.stdout.flush()
    with suppress(OSError):
        os.write(2, f"\n{LINE}\n".encode())
    os._exit(INTERRUPTED)


def _raise(_: int, frame: FrameType | None) -> None:
    if os.getpid() not in _ending:
        return
    signal.signal(signal.SIGINT, _kill)
    if _starts_process(frame):
        _raise_soon()
    else:
        raise KeyboardInterrupt


def _starts_process(frame: FrameType | None) -> bool:
    """Whether a process is being started: a lock would stay locked, and the process unknown to those that end it."""
    while frame and frame.f_code.co_qualname != "BaseProcess.start":  # of multiprocessing, which takes long to import
        frame = frame.f_back
    return frame is not None


def _raise_soon() -> None:
    signal.signal(signal.SIGALRM, _raise)
    signal.setitimer(signal.ITIMER_REAL, SOON)


def _repeat(lost: sys.UnraisableHookArgs) -> None:
    """Raises KeyboardInterrupt a moment later where Python has dropped it, as in a destructor or while it forks.

    Other errors are shown, unless they come from what was interrupted: destructors may fail on a half-made object.
    """
    if lost.exc_type is KeyboardInterrupt:
        _raise_soon()
    elif signal.getsignal(signal.SIGINT) is not _kill:
        sys.__unraisablehook__(lost)


def _leave_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
