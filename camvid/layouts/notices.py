"""What is said while a data set opens, on stderr, in one line."""

from __future__ import annotations

import warnings


class LeakWarning(UserWarning):
    """Frames of one drive lie in several splits, so that scores on val and test promise too much."""


class GuessWarning(UserWarning):
    """Nothing in the data set says what its label values mean, so that their meaning is guessed."""


def notice(message: str, category: type[Warning], level: int) -> None:
    """Warn without the place in the source, which means nothing to the user of a command.

    Args:
        message: what is said.
        category: the kind of warning, which filters go by.
        level: how many calls lie between this one and the code that asked for the data; 1 is the caller.
    """
    usual = warnings.formatwarning
    warnings.formatwarning = lambda message, category, *_, **__: f"{category.__name__}: {message}\n"
    try:
        warnings.warn(message, category, stacklevel=level + 1)
    finally:
        warnings.formatwarning = usual
