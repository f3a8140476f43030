"""Strict JSON, which has no NaN: an undefined number is null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from files.texts import read_text

# What Python says of a fault, in plain words.
EXPECTED = {
    "Expecting value": "a value is expected here: a text in double quotes, a number, a list or an object",
    "Expecting property name enclosed in double quotes": "a name in double quotes is expected here",
    "Illegal trailing comma before end of object": "a name in double quotes is expected behind this comma",
    "Illegal trailing comma before end of array": "a value is expected behind this comma",
    "Expecting ',' delimiter": "a comma or a closing bracket is expected here",
    "Expecting ':' delimiter": "a colon is expected here",
    "Extra data": "the end of the file is expected here",
    "Unterminated string starting at": "the text that begins here has no closing quote",
}


def plain(value: Any) -> Any:
    """A value that JSON can represent: a NumPy scalar as a Python number, NaN as None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def plain_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """A flat dict with `plain` applied to each value."""
    return {key: plain(value) for key, value in row.items()}


def json_text(row: Mapping[str, Any]) -> str:
    """A flat dict as strict JSON, one key per line. Raises ValueError for infinity, which no metric can be."""
    return json.dumps(plain_values(row), indent=2, allow_nan=False) + "\n"


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises ValueError naming a file that is no JSON, and as `read_text` does."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{path}, {place}: not valid JSON; {EXPECTED.get(error.msg, error.msg)}") from error
