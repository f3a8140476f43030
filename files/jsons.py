"""Strict JSON, which has no NaN: an undefined number is null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from files.texts import read_text


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
        raise ValueError(f"{path}: not valid JSON: {error}") from error
