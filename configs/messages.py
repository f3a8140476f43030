"""What is wrong with a setting, in the words of a user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from configs.values import MAPPINGS, ConfigError


def closest(key: str, names: Sequence[str]) -> str:
    """The end of a message about an unknown key: the name that was meant, or all names."""
    from difflib import get_close_matches

    close = get_close_matches(key, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; allowed are {', '.join(names)}"


def describe(error: ValidationError, values: Mapping[str, Any]) -> str:
    """The first fault of these settings: its key, its value, and what is allowed."""
    first = error.errors()[0]
    if isinstance(cause := first.get("ctx", {}).get("error"), ConfigError):
        return str(cause)
    place = first["loc"]
    if place and place[0] in MAPPINGS:  # a union: pydantic speaks of each member
        expected = MAPPINGS[str(place[0])]
        return f"{place[0]}={values[str(place[0])]!r}: expected {expected}"
    return f"{place[0] if place else 'value'}={first['input']!r}: {first['msg']}"
