"""What is said while a data set opens, on stderr, in one line."""

from __future__ import annotations

import warnings

_printed: set[str] = set()


class LeakWarning(UserWarning):
    """Frames of one drive lie in several splits, so that scores on val and test promise too much."""


class GuessWarning(UserWarning):
    """Nothing in the data set says what its label values mean, so that their meaning is guessed."""


def notice(message: str, category: type[Warning], level: int) -> None:
    """Warn without the place in the source, which means nothing to the user of a command, and print it once.

    Args:
        message: what is said.
        category: the kind of warning, which filters go by.
        level: how many calls lie between this one and the code that asked for the data; 1 is the caller.
    """
    usual = warnings.formatwarning
    warnings.formatwarning = _once
    try:
        warnings.warn(message, category, stacklevel=level + 1)
    finally:
        warnings.formatwarning = usual


def _once(message: Warning | str, category: type[Warning], *_: object, **__: object) -> str:
    """The line; nothing if this process has printed it before, as where a command opens the data twice."""
    line = f"{category.__name__}: {message}\n"
    if line in _printed:
        return ""
    _printed.add(line)
    return line
