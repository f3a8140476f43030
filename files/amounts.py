"""Amounts for people: numbers of things, and bytes and times with the unit that suits them."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """1 frame, 2 frames."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def being(number: int, thing: str) -> str:
    """1 frame is, 2 frames are."""
    return f"{counted(number, thing)} {'is' if number == 1 else 'are'}"


def byte_size(count: float) -> str:
    """Bytes as 812 bytes, 3.4 KiB, 45 MiB or 1.2 GiB."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{_short(count / size)} {unit}"
    return f"{count:.0f} bytes"


def duration(seconds: float) -> str:
    """Seconds as 0.4 ms, 12 s, 3.5 minutes or 2.1 hours."""
    for unit, size in (("hours", 3600.0), ("minutes", 60.0), ("s", 1.0)):
        if seconds >= size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(1e3 * seconds)} ms"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"
