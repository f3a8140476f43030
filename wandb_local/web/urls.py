"""Addresses of the pages."""

import json
from collections.abc import Sequence
from urllib.parse import quote


def address(*parts: str) -> str:
    """The path of these parts, percent-encoded."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def list_names(names: Sequence[str]) -> str:
    """The names as one parameter of an address: with commas between them, as JSON where that would be ambiguous."""
    plain = ",".join(names)
    return plain if listed_names(plain) == list(names) else json.dumps(list(names))


def listed_names(text: str) -> list[str]:
    """The names in a parameter that ``list_names`` made."""
    try:
        found = json.loads(text) if text.startswith("[") else None
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list) and all(isinstance(name, str) for name in found):
        return found
    return text.split(",") if text else []
