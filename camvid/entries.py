"""The entries of a taxonomy's file, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Color: TypeAlias = tuple[int, int, int]


class TaxonomyError(ValueError):
    """A taxonomy that cannot be read or contradicts itself; the message names file, entry and what is allowed."""


def mapping(data: Any, where: str, required: tuple[str, ...], optional: tuple[str, ...]) -> Mapping[str, Any]:
    """A mapping that has what is required and no more than is allowed; `where` opens the message of a TaxonomyError."""
    allowed = ", ".join((*required, *optional))
    if not isinstance(data, Mapping):
        raise TaxonomyError(f"{where}: must be a mapping with {allowed}, got {data!r:.80}")
    if missing := [key for key in required if key not in data]:
        raise TaxonomyError(f"{where}: {missing[0]} is missing; a mapping with {allowed} is needed")
    if unknown := [key for key in data if key not in (*required, *optional)]:
        raise TaxonomyError(f"{where}: unknown key {unknown[0]!r}; allowed are {allowed}")
    return data


def text(value: Any, where: str) -> str:
    """A string that is not empty; `where` opens the message of a TaxonomyError."""
    if not isinstance(value, str) or not value.strip():
        raise TaxonomyError(f"{where} must be a non-empty string (quote it if YAML reads it otherwise), got {value!r}")
    return value


def color(value: Any, where: str) -> Color:
    """Three whole numbers from 0 to 255; `where` opens the message of a TaxonomyError."""
    whole = isinstance(value, list | tuple) and len(value) == 3 and all(type(v) is int for v in value)
    if not whole or not all(0 <= v <= 255 for v in value):
        raise TaxonomyError(f"{where} must be three whole numbers from 0 to 255 (R, G, B), got {value!r}")
    return (value[0], value[1], value[2])


def unique(values: Iterable[Any], what: str) -> None:
    """None of the values is there twice; `what` opens the message of a TaxonomyError."""
    if repeated := [value for value, count in Counter(values).items() if count > 1]:
        raise TaxonomyError(f"{what} {repeated[0]!r} is there twice; each may be there once")
