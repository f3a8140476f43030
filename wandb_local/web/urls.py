"""Addresses of the pages."""

from urllib.parse import quote


def address(*parts: str) -> str:
    """The path of these parts, percent-encoded."""
    return "/" + "/".join(quote(part, safe="") for part in parts)
