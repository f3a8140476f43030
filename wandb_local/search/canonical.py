"""Equality of values that have been through YAML, JSON and a database."""

import json
from typing import Any

ENCODER = json.JSONEncoder(sort_keys=True, default=str)


def canonical(value: Any) -> str:
    """Text that is equal for equal values: 3.0 is 3 and a tuple is a list, but neither true nor "1" is 1."""
    return ENCODER.encode(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
