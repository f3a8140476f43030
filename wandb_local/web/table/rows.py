"""The JSON of a table, read row by row: what is kept of a row takes a third of the room of what it is parsed to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from wandb_local.limits import MAX_DEPTH, MAX_STORED_VALUES, check_json

_DECODER = json.JSONDecoder()  # NaN and infinities become floats
_SPACE = re.compile(r"[ \t\n\r]*")


def loads(text: str, keep: Callable[[Any], Any]) -> Any:
    """Parse JSON. The list ``data`` of an object holds what ``keep`` makes of each of its items.

    Raises:
        TooLargeError: a member, or an item of ``data``, is nested deeper than ``MAX_DEPTH``.
        ValueError, RecursionError: it is no JSON.
    """
    reader = _Reader(text)
    if not reader.takes("{"):
        value = reader.value()
        reader.need("", reader.place == len(text))
        return value
    found: dict[str, Any] = {}
    for _ in reader.items("}"):
        name = reader.value()
        reader.need(":", isinstance(name, str))
        rows = name == "data" and reader.takes("[")
        found[name] = [keep(reader.value()) for _ in reader.items("]")] if rows else reader.value()
    reader.need("", reader.place == len(text))
    return found


class _Reader:
    """A place in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.place = 0
        self._skip()

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self.place)
        assert match
        self.place = match.end()

    def takes(self, mark: str) -> bool:
        """Whether this stands here; if so, it is passed."""
        if not self._text.startswith(mark, self.place):
            return False
        self.place += len(mark)
        self._skip()
        return True

    def need(self, mark: str, fits: bool = True) -> None:
        """Pass what must stand here, after what must hold of what stood before."""
        if not fits or not self.takes(mark):
            raise json.JSONDecodeError("Not as JSON is written", self._text, self.place)

    def value(self) -> Any:
        """Pass a value."""
        start = self.place
        value, self.place = _DECODER.raw_decode(self._text, start)
        if sum(self._text.count(bracket, start, self.place) for bracket in "[{") > MAX_DEPTH:
            check_json(self._text[start : self.place], MAX_STORED_VALUES)
        self._skip()
        return value

    def items(self, end: str) -> Iterator[None]:
        """A turn for each item up to the mark that ends them; the items are passed in the turns."""
        if self.takes(end):
            return
        yield
        while self.takes(","):
            yield
        self.need(end)
