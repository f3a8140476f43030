"""What is known of each setting: type, default, limits and the line of help."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from configs.config import TrainConfig


@lru_cache(maxsize=1)
def schemas() -> dict[str, dict[str, Any]]:
    """The JSON schema of each setting by its name: type, default, limits or values allowed, description."""
    properties: dict[str, dict[str, Any]] = TypeAdapter(TrainConfig).json_schema()["properties"]
    return properties


def describe_field(name: str) -> str:
    """The line of help of one setting, with its allowed values if there are only a few."""
    schema = schemas()[name]
    return str(schema["description"]) + (f"; one of {', '.join(schema['enum'])}" if "enum" in schema else "")


def default_of(name: str) -> Any:
    """The default of one setting."""
    return getattr(TrainConfig(), name)
