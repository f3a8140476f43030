"""Ctrl-C ends the program with one line and exit code 130, without a traceback."""

import os
import signal
import sys
from collections.abc import Callable

INTERRUPTED = 130  # what shells report for a program that Ctrl-C has ended
_LINE = "\ninterrupted\n"


def end_at_once() -> None:
    """From now on Ctrl-C ends this process where it stands, unless its parent has switched Ctrl-C off."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def run(command: Callable[[], int]) -> int:
    """The exit code of a command. If Ctrl-C comes, it first ends what it has begun, such as a server.

    If Ctrl-C comes while a compiled module is imported, Python ends the process by the signal. Shells report 130, too.
    """
    if ends := signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return command()
    except KeyboardInterrupt:
        sys.stderr.write(_LINE)
        return INTERRUPTED
    finally:
        if ends and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)


def _end(*_: object) -> None:
    os.write(2, _LINE.encode())
    os._exit(INTERRUPTED)
