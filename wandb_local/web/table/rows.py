"""The JSON of a table, read row by row: what is kept of a row takes a third of the room of what it is parsed to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from wandb_local.limits import MAX_DEPTH, MAX_STORED_VALUES, check_json

_DECODER = json.JSONDecoder()  # NaN and infinities become floats
_SPACE = r"[ \t\n\r]*+"
_MARKS = {mark: re.compile(f"{_SPACE}{re.escape(mark)}{_SPACE}") for mark in "{}[],:"}
_END = re.compile(rf"{_SPACE}\Z")


def loads(text: str, keep: Callable[[Any], Any]) -> Any:
    """Parse JSON. The list ``data`` of an object holds what ``keep`` makes of each of its items.

    Raises:
        TooLargeError: a member, or an item of ``data``, is nested deeper than ``MAX_DEPTH``.
        ValueError, RecursionError: it is no JSON.
    """
    reader = _Reader(text)
    if not reader.takes("{"):
        value = reader.value()
        reader.need(_END)
        return value
    found: dict[str, Any] = {}
    for _ in reader.items("}"):
        name = reader.value()
        reader.need(_MARKS[":"], isinstance(name, str))
        rows = name == "data" and reader.takes("[")
        found[name] = [keep(reader.value()) for _ in reader.items("]")] if rows else reader.value()
    reader.need(_END)
    return found


class _Reader:
    """A place in a text: before a value, or behind one with the space that may follow."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.place = len(text) - len(text.lstrip(" \t\n\r"))

    def takes(self, mark: str) -> bool:
        """Whether this comes next; if so, it is passed with the space around it."""
        match = _MARKS[mark].match(self._text, self.place)
        if match:
            self.place = match.end()
        return match is not None

    def need(self, mark: re.Pattern[str], fits: bool = True) -> None:
        """Pass what must come next, after what must hold of what stood before."""
        match = mark.match(self._text, self.place) if fits else None
        if match is None:
            raise json.JSONDecodeError("this is not JSON", self._text, self.place)
        self.place = match.end()

    def value(self) -> Any:
        """Pass a value."""
        text, start = self._text, self.place
        value, self.place = _DECODER.raw_decode(text, start)
        if text.count("[", start, self.place) + text.count("{", start, self.place) > MAX_DEPTH:
            check_json(text[start : self.place], MAX_STORED_VALUES)
        return value

    def items(self, end: str) -> Iterator[None]:
        """A turn for each item up to the mark that ends them; the items are passed in the turns."""
        if self.takes(end):
            return
        yield
        while self.takes(","):
            yield
        self.need(_MARKS[end])
