"""The filter language: an expression over the columns of a table becomes a function of a row. Nothing is evaluated.

    expression = all {"or" all}
    all        = one {"and" one}
    one        = "not" one | "(" expression ")" | test
    test       = value [("<" | "<=" | ">" | ">=" | "==" | "=" | "!=") value
                 | ["not"] "in" "(" literal {"," literal} ")" | ["not"] "contains" value | "is" ["not"] "null"]
                 | literal ["not"] "in" value
    value      = column | literal | "has" "(" set "," class ")" | "pixels" "(" set "," class ")"

A column is written bare, in backticks, or (to the left of a comparison) in quotes. A missing cell and NaN are null: no
comparison with null holds but ``!=``. ``has(set, class)`` is whether a class occurs in a mask or a box of that set,
``pixels`` how many pixels of the mask it has. ``contains`` looks for text in text without regard to case, for a value
in a list, for a key in an object.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

from wandb_local.web.documents import is_number
from wandb_local.web.table.cells import Cell, Column, File, OverlaySet, Row, all_pictures, is_missing
from wandb_local.web.table.predicates import COMPARISONS, Predicate, Value, comparison, contains
from wandb_local.web.table.tokens import FilterError, Token, nearest, no_column, tokens

MAX_DEPTH = 40  # brackets and nots inside each other

Counts = Callable[[str], Mapping[int, int]]
"""Pixels by class of the mask with an MD5."""

_CONSTANTS: Mapping[str, Cell] = {"true": True, "false": False, "null": None, "inf": float("inf")}


def parse(expression: str, columns: Sequence[Column], sets: Sequence[OverlaySet], counts: Counts) -> Predicate:
    """A function that returns whether a row matches; an empty expression matches all rows.

    Raises:
        FilterError: the expression is invalid; the error has the place and what was expected there.
    """
    found = tokens(expression, [column.name for column in columns])
    if found[0].kind == "end":
        return lambda _row: True
    return _Parser(found, columns, sets, counts).whole()


class _Parser:
    def __init__(
        self, found: Sequence[Token], columns: Sequence[Column], sets: Sequence[OverlaySet], counts: Counts
    ) -> None:
        self._tokens = found
        self._place = 0
        self._depth = 0
        self._columns = {column.name: (place, column.kind) for place, column in reversed(list(enumerate(columns)))}
        self._sets = {each.name: each for each in sets}
        self._counts = counts

    @property
    def _token(self) -> Token:
        return self._tokens[self._place]

    def _take(self, *texts: str, kinds: Sequence[str] = ("keyword", "symbol")) -> Token | None:
        token = self._token
        if token.kind in kinds and (not texts or token.text in texts):
            self._place += 1
            return token
        return None

    def _need(self, text: str) -> Token:
        token = self._take(text)
        if token is None:
            raise FilterError(self._token.position, f"expected {text!r}, found {self._token}")
        return token

    def whole(self) -> Predicate:
        predicate = self._any()
        if self._token.kind != "end":
            raise FilterError(self._token.position, f"expected 'and', 'or' or the end, found {self._token}")
        return predicate

    def _any(self) -> Predicate:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _all(self) -> Predicate:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _one(self) -> Predicate:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError(self._token.position, f"more than {MAX_DEPTH} levels of brackets or 'not'")
        try:
            if self._take("not"):
                inner = self._one()
                return lambda row: not inner(row)
            if self._take("("):
                inner = self._any()
                self._need(")")
                return inner
            return self._test()
        finally:
            self._depth -= 1

    def _test(self) -> Predicate:
        left = self._left()
        if token := self._take(*COMPARISONS):
            return comparison(COMPARISONS[token.text], left, self._value(f"behind {token.text!r}"))
        if self._take("is"):
            wanted = not self._take("not")
            self._need("null")
            return lambda row: is_missing(left.of(row)) is wanted
        negated = bool(self._take("not"))
        if self._take("contains"):
            test = contains(left, self._value("behind 'contains'"))
        elif self._take("in"):
            test = self._in(left)
        elif negated:
            raise FilterError(self._token.position, f"expected 'in' or 'contains' behind 'not', found {self._token}")
        else:
            return self._truth(left)
        return (lambda row: not test(row)) if negated else test

    def _truth(self, value: Value) -> Predicate:
        if value.kind in ("boolean", "value"):
            return lambda row: value.of(row) is True
        raise FilterError(
            self._token.position,
            f"expected a comparison such as < or 'is null' behind {value.token}, found {self._token}",
        )

    def _in(self, left: Value) -> Predicate:
        if self._take("("):
            choices = [self._value("in the list")]
            while self._take(","):
                choices.append(self._value("behind ','"))
            self._need(")")
            tests = [comparison(operator.eq, left, choice) for choice in choices]
            return lambda row: any(test(row) for test in tests)
        whole = self._value("behind 'in': a list in brackets or a column")
        return contains(whole, left)

    def _left(self) -> Value:
        """A value at the left of a test, where a quoted text can be a column's name."""
        token = self._token
        if token.kind == "text" and not self._followed_by_in():
            if token.text not in self._columns:
                raise FilterError(token.position, no_column(token.text, list(self._columns)))
            self._place += 1
            return self._column(token)
        return self._value("")

    def _followed_by_in(self) -> bool:
        after = [token.text for token in self._tokens[self._place + 1 : self._place + 3] if token.kind == "keyword"]
        return after[:1] == ["in"] or after == ["not", "in"]

    def _value(self, where: str) -> Value:
        token = self._take(kinds=("column", "text", "number", "function")) or self._take(*_CONSTANTS)
        if token is None:
            raise FilterError(self._token.position, f"expected a column or a value {where}, found {self._token}")
        if token.kind == "column":
            return self._column(token)
        if token.kind == "function":
            return self._pixels(token)
        cell: Cell = token.text
        if token.kind == "number":
            cell = int(token.text) if token.text.lstrip("-").isdigit() else float(token.text)
        elif token.kind == "keyword":
            cell = _CONSTANTS[token.text]
        return Value(lambda _row: cell, _kind(cell), token)

    def _column(self, token: Token) -> Value:
        place, kind = self._columns[token.text]
        return Value(lambda row: row[place], kind, token)

    def _pixels(self, function: Token) -> Value:
        """``has(set, class)`` or ``pixels(set, class)``."""
        self._need("(")
        name = self._name("the name of a set of masks or boxes", list(self._sets))
        self._need(",")
        known = self._sets[name.text]
        label = self._name("a class", [each.name for each in known.classes])
        self._need(")")
        values, boxed = (
            {value for value, each in labels.items() if each.name == label.text}
            for labels in (known.labels, known.boxes)
        )

        counts = self._counts

        def pixels(row: Row) -> int:
            found = 0
            for mask in _masks(row, name.text):
                known = counts(mask.md5)
                found += sum(known.get(value, 0) for value in values)
            return found

        def has(row: Row) -> bool:
            if not boxed:
                return pixels(row) > 0
            boxes = (box for picture in all_pictures([row]) for box in picture.boxes.get(name.text, ()))
            return any(box.value in boxed for box in boxes) or pixels(row) > 0

        return Value(has, "boolean", function) if function.text == "has" else Value(pixels, "number", function)

    def _name(self, what: str, known: Sequence[str]) -> Token:
        token = self._take(kinds=("text",))
        if token is None:
            raise FilterError(self._token.position, f"expected {what}, found {self._token}")
        if token.text not in known:
            choices = nearest(token.text, known) or f"; there are: {', '.join(known[:40]) or 'none'}"
            raise FilterError(token.position, f"{token.text[:60]!r} is not {what}{choices}")
        return token


def _masks(row: Row, name: str) -> list[File]:
    """The masks of a set; it is asked for in each row, so it calls nothing."""
    pictures = [picture for cell in row if isinstance(cell, tuple) for picture in cell]
    return [picture.masks[name] for picture in pictures if name in picture.masks]


def _kind(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "boolean"
    if is_number(cell):
        return "number"
    return "null" if cell is None else "text"
