"""Checks of the entries in a taxonomy's file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Color: TypeAlias = tuple[int, int, int]


class TaxonomyError(ValueError):
    """A taxonomy that cannot be read or contradicts itself. The message names file, entry and what is allowed."""


def mapping(data: Any, where: str, required: tuple[str, ...], optional: tuple[str, ...]) -> Mapping[str, Any]:
    """A mapping with all required keys and no unknown key. `where` begins the message of the TaxonomyError."""
    allowed = ", ".join((*required, *optional))
    if not isinstance(data, Mapping):
        raise TaxonomyError(f"{where}: must be a mapping with {allowed}, got {data!r:.80}")
    if missing := [key for key in required if key not in data]:
        raise TaxonomyError(f"{where}: {missing[0]} is missing; a mapping with {allowed} is needed")
    if unknown := [key for key in data if key not in (*required, *optional)]:
        raise TaxonomyError(f"{where}: unknown key {unknown[0]!r}; allowed are {allowed}")
    return data


def text(value: Any, where: str) -> str:
    """A string that is not empty. `where` begins the message of the TaxonomyError."""
    if not isinstance(value, str) or not value.strip():
        raise TaxonomyError(
            f"{where} must be a non-empty string (put it in quotes if YAML reads it as something else), got {value!r}"
        )
    return value


def color(value: Any, where: str) -> Color:
    """Three whole numbers from 0 to 255. `where` begins the message of the TaxonomyError."""
    whole = isinstance(value, list | tuple) and len(value) == 3 and all(type(v) is int for v in value)
    if not whole or not all(0 <= v <= 255 for v in value):
        raise TaxonomyError(f"{where} must be three whole numbers from 0 to 255 (R, G, B), got {value!r}")
    return (value[0], value[1], value[2])


def unique(values: Iterable[Any], what: str) -> None:
    """Checks that no value occurs twice. `what` begins the message of the TaxonomyError."""
    if repeated := [value for value, count in Counter(values).items() if count > 1]:
        raise TaxonomyError(f"{what} {repeated[0]!r} occurs twice; it may occur once")
