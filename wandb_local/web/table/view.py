"""The view of a table, which is in the query of the page's address, so that a link shows the same view again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

OPACITY = 60  # percent


@dataclass(frozen=True)
class View:
    """Filter, sorting, columns, overlays and the row that is shown large; None if the page decides."""

    filter: str = ""
    sort: tuple[str, ...] | None = None
    hide: tuple[str, ...] | None = None
    sets: tuple[str, ...] | None = None
    classes_on: tuple[str, ...] | None = None
    classes_off: tuple[str, ...] = ()
    opacity: int = OPACITY
    distinct: bool = False
    row: int | None = None
    row_text: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> View:
        """The view in a query; what makes no sense there is passed over."""
        return cls(
            filter=query.get("filter", ""),
            sort=_names(query, "sort"),
            hide=_names(query, "hide"),
            sets=_names(query, "sets"),
            classes_on=_names(query, "only"),
            classes_off=_names(query, "off") or (),
            opacity=min(max(number(query, "opacity", OPACITY) or 0, 0), 100),
            distinct="distinct" in query,
            row=number(query, "row", None),
            row_text=query.get("row", ""),
        )

    def shows(self, label: str) -> bool:
        """Whether a class is switched on; a query names those that are on or those that are off, the shorter list."""
        return label in self.classes_on if self.classes_on is not None else label not in self.classes_off


def _names(query: Mapping[str, str], key: str) -> tuple[str, ...] | None:
    try:
        found = json.loads(query.get(key, "null"))
    except (ValueError, RecursionError):
        return None
    return tuple(found) if isinstance(found, list) and all(isinstance(name, str) for name in found) else None


def number(query: Mapping[str, str], key: str, default: int | None) -> int | None:
    """An integer in a query, or the default."""
    text = query.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
