"""Check the types of values in a request, because a client can send anything."""

from collections.abc import Mapping
from typing import Any

from wandb_local.errors import ClientError
from wandb_local.limits import MAX_STRINGS, TooLargeError

_LARGEST = (1 << 63) - 1


def objects(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The list of objects under a name; empty if there is none.

    Raises:
        ClientError: the value is something else.
    """
    value = given.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ClientError(f"{name}: give a list of objects")
    return value


def strings(given: Mapping[str, Any], name: str) -> list[str]:
    """The list of strings under a name; a single string counts as a list of one, nothing as an empty list.

    Raises:
        ClientError: something else, or too many.
    """
    value = given.get(name) or []
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ClientError(f"{name}: give a list of strings")
    if len(value) > MAX_STRINGS:
        raise TooLargeError(f"{name}: give at most {MAX_STRINGS} at once")
    return value


def text(given: Mapping[str, Any], name: str) -> str | None:
    """The string under a name, or None.

    Raises:
        ClientError: the value is something else.
    """
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise ClientError(f"{name}: give a string, not {str(value)[:100]}")
    return value


def integer(given: Mapping[str, Any], name: str, default: int) -> int:
    """The number under a name as an integer, or the default.

    Raises:
        ClientError: something else, or more than SQLite can hold.
    """
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, int | float) or not -_LARGEST <= value <= _LARGEST:  # also refuses NaN
        raise ClientError(f"{name}: give a number, not {str(value)[:100]}")
    return int(value)
