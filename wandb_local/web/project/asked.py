"""A request for a list of runs: words to find, the grid's filters, an order."""

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wandb_local.web.documents import is_number
from wandb_local.web.times import zone

Fits = Callable[[Any], bool]
_DIGITS = re.compile(r"(\d+)")
_NUMBERS: dict[str, Callable[[float, float, float], bool]] = {
    "equals": lambda value, one, _: value == one,
    "notEqual": lambda value, one, _: value != one,
    "lessThan": lambda value, one, _: value < one,
    "lessThanOrEqual": lambda value, one, _: value <= one,
    "greaterThan": lambda value, one, _: value > one,
    "greaterThanOrEqual": lambda value, one, _: value >= one,
    "inRange": lambda value, one, other: one < value < other,
    "within": lambda value, one, other: one <= value < other,
    "outside": lambda value, one, other: not one <= value < other,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "notContains": lambda text, part: part not in text,
    "equals": lambda text, part: text == part,
    "notEqual": lambda text, part: text != part,
    "startsWith": lambda text, part: text.startswith(part),
    "endsWith": lambda text, part: text.endswith(part),
}


@dataclass(frozen=True)
class Asked:
    """The words in lower case, the filters as JSON by column, and the columns of the order, ``-`` in front of one that
    goes downwards. ``searched`` are the chosen columns, if there are words to find in them."""

    project_id: int
    words: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    filters: str = "{}"
    sort: tuple[str, ...] = ()


def asked_of(project_id: int, find: str | None, request: Mapping[str, Any] | None, columns: list[str] | None) -> Asked:
    """The request in the grid's own form (``sortModel``, ``filterModel``); unreadable parts are ignored."""
    given = request or {}
    sort = [f"{'-' * (each.get('sort') == 'desc')}{each.get('colId')}" for each in given.get("sortModel") or ()]
    filters = {str(name): model for name, each in (given.get("filterModel") or {}).items() if (model := _filter(each))}
    words = tuple(sorted({*(find or "").lower().split()}))
    return Asked(
        project_id, words, tuple(columns or ()) if words else (), json.dumps(filters, sort_keys=True), tuple(sort)
    )


def _filter(model: Any) -> dict[str, Any] | None:
    """A filter with its days converted to seconds, in the reader's time zone; None if it is not a filter."""
    if not isinstance(model, dict):
        return None
    if isinstance(model.get("conditions"), list):
        parts = [part for each in model["conditions"] if (part := _filter(each))]
        return {"any": model.get("operator") == "OR", "parts": parts} if parts else None
    kind, one, other = model.get("type"), model.get("filter"), model.get("filterTo")
    if model.get("filterType") == "date" and kind not in ("blank", "notBlank"):
        return _days(str(kind), _day(model.get("dateFrom")), _day(model.get("dateTo")))
    one = str(one or "").lower() if model.get("filterType") == "text" else one
    return {"type": kind, "one": one, "other": other}


def _days(kind: str, one: tuple[float, float] | None, other: tuple[float, float] | None) -> dict[str, Any] | None:
    if one is None or (kind == "inRange" and other is None):
        return None
    first, behind = one
    kinds = {
        "equals": ("within", first, behind),
        "notEqual": ("outside", first, behind),
        "lessThan": ("lessThan", first, None),
        "greaterThan": ("greaterThanOrEqual", behind, None),
        "inRange": ("within", behind, other[0] if other else None),  # neither day is in it, as with numbers
    }
    return dict(zip(("type", "one", "other"), kinds[kind], strict=True)) if kind in kinds else None


def _day(text: Any) -> tuple[float, float] | None:
    """When a day begins and when the next one does."""
    try:
        first = dt.datetime.fromisoformat(str(text)).replace(hour=0, minute=0, second=0, tzinfo=zone())
        return first.timestamp(), (first + dt.timedelta(days=1)).timestamp()
    except (ValueError, OverflowError):
        return None


def fits(model: Mapping[str, Any]) -> Fits:
    """The test that a filter makes of a value."""
    if "parts" in model:
        parts, join = [fits(each) for each in model["parts"]], any if model["any"] else all
        return lambda value: join(part(value) for part in parts)
    kind, one, other = str(model["type"]), model["one"], model["other"]
    if kind in ("blank", "notBlank"):
        return lambda value: (value in (None, "")) == (kind == "blank")
    if isinstance(one, str) and kind in _TEXTS:
        absent, holds = kind.startswith("not"), _TEXTS[kind]
        return lambda value: absent if value is None else holds(text_of(value).lower(), one)
    if is_number(one) and kind in _NUMBERS and (is_number(other) or kind not in ("inRange", "within", "outside")):
        compare, end = _NUMBERS[kind], other if is_number(other) else 0
        return lambda value: is_number(value) and compare(value, one, end)
    return lambda _value: True


def text_of(value: Any) -> str:
    """A value as a browser writes it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e16 else str(value)


def rank(value: Any, descending: bool) -> tuple[Any, ...]:
    """The sort key of values: numbers before words, v9 before v10; missing values come last in both directions."""
    if value is None:
        return (2,)
    if is_number(value):
        return (1, -value) if descending else (0, value)
    parts = _DIGITS.split(str(value).casefold())
    if not descending:
        return (1, *(int(part) if place % 2 else part for place, part in enumerate(parts)))
    return (0, *(-int(part) if place % 2 else _downwards(part) for place, part in enumerate(parts)), math.inf)


def _downwards(text: str) -> tuple[int, ...]:
    return (*(-ord(letter) for letter in text), 1)  # what is longer comes first
