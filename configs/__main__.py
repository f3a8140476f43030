"""`python -m configs > docs/settings.md`: every setting of a training as a page, a table for each group."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from configs.config import TrainConfig
from configs.schema import schemas
from files.markdown import markdown_table

HEADER = """# Settings

Every setting of a training. Its name is the flag of `train.py`, the key in a preset, the key in W&B's config, and the
name in a sweep. A flag overrules a preset, and a preset overrules the default. [training.md](training.md) says how they
are used. This page is made by `python -m configs > docs/settings.md`.
"""
KINDS = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false", "array": "list"}
LIMITS = {"exclusiveMinimum": "above", "minimum": "at least", "exclusiveMaximum": "below", "maximum": "at most"}


def page() -> str:
    """The page in Markdown."""
    tables = [f"\n## {title}\n\n{_table({name: schemas()[name] for name in names})}" for title, names in groups()]
    return HEADER + "".join(tables)


def groups() -> Iterator[tuple[str, list[str]]]:
    """The groups of settings: the comments between them in the class, each with the names of its settings."""
    for part in inspect.getsource(TrainConfig).split("\n    # ")[1:]:
        title, _, fields = part.partition(".\n")
        yield title, re.findall(r"^    (\w+): ", fields, re.MULTILINE)


def _table(settings: Mapping[str, Mapping[str, Any]]) -> str:
    head = ["setting", "type", "default", "allowed", "meaning"]
    rows = [
        [f"`{name}`", _kind(schema), _default(schema), _allowed(schema), schema["description"]]
        for name, schema in settings.items()
    ]
    return markdown_table(head, rows) + "\n"


def _kind(schema: Mapping[str, Any]) -> str:
    return KINDS[schema["type"]] if "type" in schema else "text, or weights by name"


def _default(schema: Mapping[str, Any]) -> str:
    value = schema["default"]
    return "empty" if value in ("", [], ()) else f"`{json.dumps(value) if not isinstance(value, str) else value}`"


def _allowed(schema: Mapping[str, Any]) -> str:
    choices = ", ".join(f"`{choice}`" for choice in schema.get("enum", ()))
    return choices or ", ".join(f"{word} {schema[key]}" for key, word in LIMITS.items() if key in schema)


if __name__ == "__main__":
    print(page(), end="")
