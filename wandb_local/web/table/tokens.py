"""The words of the filter language. Names of columns are words too, whatever characters they hold."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_LENGTH = 4000  # characters in an expression
KEYWORDS = ("and", "or", "not", "in", "contains", "is", "null", "true", "false", "inf")
FUNCTIONS = ("has", "pixels")

_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_WORD = re.compile(r"[^\s()<>=!,\"'`]+")
_SYMBOL = re.compile(r"<=|>=|!=|==|<>|[<>=(),]")
_QUOTED = re.compile(r"""(["'`])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)  # each letter in one way alone


class FilterError(ValueError):
    """An invalid filter expression; ``position`` is the place of the error, in characters from 0."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"at character {position + 1}: {message}")
        self.position = position


@dataclass(frozen=True)
class Token:
    """One word. ``kind`` is ``column``, ``text``, ``number``, ``keyword``, ``function``, ``symbol`` or ``end``."""

    kind: str
    text: str
    position: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"{self.text[:60]!r}"


def tokens(expression: str, columns: Sequence[str]) -> list[Token]:
    """The words of an expression, and an end.

    A bare column name is the longest one that fits, so names may hold slashes, spaces and brackets; one that looks like
    a keyword or a number is written in backticks.

    Raises:
        FilterError: a word that is none, a quote without its end, too long an expression.
    """
    if len(expression) > MAX_LENGTH:
        raise FilterError(MAX_LENGTH, f"the expression is longer than {MAX_LENGTH} characters")
    return list(_scan(expression, sorted(columns, key=len, reverse=True)))


def spelled(name: str, columns: Sequence[str]) -> str:
    """A column's name in an expression: in backticks, if it could be read as something else."""
    try:
        first, *rest = tokens(f"{name} <", columns)
    except FilterError:
        first, rest = Token("end", "", 0), []
    bare = first == Token("column", name, 0) and len(rest) == 2
    return name if bare else "`" + re.sub(r"([\\`])", r"\\\1", name) + "`"


def _scan(expression: str, columns: Sequence[str]) -> Iterator[Token]:
    place, arguments = 0, 0  # behind a function's bracket any word is a name of a mask set or a class
    while True:
        place = _skip(expression, place)
        if place == len(expression):
            yield Token("end", "", place)
            return
        token, end = _argument(expression, place) if arguments else _next(expression, place, columns)
        if token.kind == "function":
            arguments = 1
        elif token.text == ")" and token.kind == "symbol":
            arguments = 0
        yield token
        place = end


def _skip(expression: str, place: int) -> int:
    match = _SPACE.match(expression, place)
    assert match is not None
    return match.end()


def _argument(expression: str, place: int) -> tuple[Token, int]:
    """A word inside the brackets of a function: a quoted name, or all up to the next comma or bracket."""
    if expression[place] in "(),":
        return Token("symbol", expression[place], place), place + 1
    if expression[place] in "\"'`":
        return _quoted(expression, place)
    match = re.compile(r"[^(),]+").match(expression, place)
    assert match is not None
    return Token("text", match[0].rstrip(), place), match.end()


def _next(expression: str, place: int, columns: Sequence[str]) -> tuple[Token, int]:
    if expression[place] in "\"'`":
        token, end = _quoted(expression, place)
        if expression[place] == "`":
            if token.text not in columns:
                raise FilterError(place, no_column(token.text, columns))
            token = Token("column", token.text, place)
        return token, end
    if match := _SYMBOL.match(expression, place):
        return Token("symbol", match[0], place), match.end()
    number, word = _NUMBER.match(expression, place), _WORD.match(expression, place)
    column = next((name for name in columns if _stands_at(expression, place, name)), "")
    if number and len(number[0]) >= len(column):
        return Token("number", number[0], place), number.end()
    if word and word[0].lower() in FUNCTIONS and expression[_skip(expression, word.end()) :].startswith("("):
        return Token("function", word[0].lower(), place), word.end()
    if word and word[0].lower() in KEYWORDS and len(word[0]) >= len(column):
        return Token("keyword", word[0].lower(), place), word.end()
    if column:
        return Token("column", column, place), place + len(column)
    if word:
        raise FilterError(place, no_column(word[0], columns) + "; text goes in quotes")
    raise FilterError(place, f"{expression[place]!r} is not allowed here")


def _quoted(expression: str, place: int) -> tuple[Token, int]:
    match = _QUOTED.match(expression, place)
    if match is None:
        raise FilterError(place, f"the {expression[place]} that opens here is never closed")
    return Token("text", re.sub(r"\\(.)", r"\1", match[2], flags=re.DOTALL), place), match.end()


def _stands_at(expression: str, place: int, name: str) -> bool:
    end = place + len(name)
    if not name or not expression.startswith(name, place):
        return False
    return end == len(expression) or not (name[-1].isalnum() and (expression[end].isalnum() or expression[end] in "_/"))


def no_column(name: str, columns: Sequence[str]) -> str:
    """The message for a column that does not exist, with similar names."""
    return f"there is no column {name[:60]!r}" + nearest(name, columns)


def nearest(name: str, known: Sequence[str]) -> str:
    """ "; did you mean …?", or nothing."""
    lower = {one.lower(): one for one in known}
    close = [lower[one] for one in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.5)]
    return f"; did you mean {' or '.join(close)}?" if close else ""
