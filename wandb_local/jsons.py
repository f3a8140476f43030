"""JSON as the wandb client writes it, with bare NaN and Infinity, which strict parsers refuse."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import re2

from wandb_local.limits import MAX_KEY, MAX_VALUES, check_json

_BEYOND = re2.compile(r"\d[eE]\+?\d{3}|\d{308}")  # finds some that are not; re takes twenty times as long
_LARGEST = float("inf")
_DIGITS = 308  # as many are less than the largest float


def _number(text: str) -> float | str:
    value = float(text)
    return value if -_LARGEST < value < _LARGEST else "Infinity" if value > 0 else "-Infinity"


def _whole_number(text: str) -> float | str:
    return int(text) if len(text) <= _DIGITS else _number(text)


_MARKS = tuple(f"{e}{sign}{digit}" for e in "eE" for sign in ("", "+") for digit in "123456789")  # of a large number
_DECODER = json.JSONDecoder(parse_constant=str, parse_int=_whole_number)
_CAREFUL = json.JSONDecoder(parse_constant=str, parse_int=_whole_number, parse_float=_number)  # takes twice as long


def loads(text: str | bytes, most: int = MAX_VALUES) -> Any:
    """Parse JSON; NaN and infinities become the strings that W&B uses for them ("NaN", "Infinity", "-Infinity"). A
    number that is too large for a float, as ``1e400``, counts as infinite.

    Raises:
        TooLargeError: more than ``most`` values, or too deep.
        ValueError: not JSON.
    """
    text = text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass")
    check_json(text, most)
    for mark in _MARKS:
        if mark in text:
            return _CAREFUL.decode(text)
    return _DECODER.decode(text)


def dumps(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """Compact strict JSON; ``default`` is called for values that JSON cannot represent.

    Raises:
        ValueError: the value holds NaN or an infinity.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False, default=default)


def strict(text: str) -> str:
    """The same JSON text with NaN and infinities written as strings."""
    return dumps(loads(text)) if "NaN" in text or "Infinity" in text else text


def bounded(text: str) -> str:
    """The same JSON text without numbers that are too large for a float, which not each reader takes for infinite.

    Raises:
        ValueError: it has what looks like one, and is not JSON.
    """
    return dumps(loads(text)) if _BEYOND.search(text) else text


def flatten(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one level with dotted keys; a media object (with ``_type``) is not divided."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value and "_type" not in value:
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def lookup(record: Mapping[str, Any], key: str) -> Any:
    """The value of a key, or None. A dot may belong to a key or lead into an object, so all readings of ``a.b.c`` are
    tried: ``{"a.b.c": …}``, ``{"a": {"b.c": …}}``, ``{"a.b": {"c": …}}``, ``{"a": {"b": {"c": …}}}``."""
    if key in record or len(key) > MAX_KEY:
        return record.get(key)
    for place, letter in enumerate(key):
        inner = record.get(key[:place]) if letter == "." else None
        if isinstance(inner, dict) and (value := lookup(inner, key[place + 1 :])) is not None:
            return value
    return None


def loads_body(body: bytes) -> Any:
    """Parse a request body. Halves of surrogate pairs, which no UTF-8 file can hold, become replacement characters.

    Raises:
        ValueError: not JSON.
    """
    value = loads(body)
    return whole(value) if b"\\u" in body else value


def whole(value: Any) -> Any:
    """The same value with replacement characters for halves of surrogate pairs."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {whole(key): whole(item) for key, item in value.items()}
    return value
