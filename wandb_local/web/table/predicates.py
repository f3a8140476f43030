"""What a filter compares: the operands, and the predicates of a row that are made from them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wandb_local.web.table.cells import Cell, Row, is_missing
from wandb_local.web.table.tokens import FilterError, Token

Predicate = Callable[[Row], bool]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
}


@dataclass(frozen=True)
class Value:
    """An operand of a comparison: its value in a row, its kind, and its place in the expression."""

    of: Callable[[Row], Cell]
    kind: str
    token: Token


def comparison(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> Predicate:
    """Whether a comparison holds in a row. With a missing cell, only ``!=`` can hold.

    Raises:
        FilterError: the kinds of the operands cannot be compared.
    """
    kinds = {left.kind, right.kind}
    if "null" in kinds:
        raise FilterError(right.token.position, "null cannot be compared: write 'is null' or 'is not null'")
    if len(kinds) == 2 and kinds <= {"number", "text", "boolean"} and kinds != {"number", "boolean"}:
        raise FilterError(
            right.token.position,
            f"{left.token} is a {left.kind} and {right.token} is a {right.kind}: they cannot be compared",
        )
    unequal = compare is operator.ne

    def holds(row: Row) -> bool:
        one, other = left.of(row), right.of(row)
        if is_missing(one) or is_missing(other):
            return unequal and is_missing(one) is not is_missing(other)
        if isinstance(one, str) is not isinstance(other, str):
            return unequal
        try:
            return bool(compare(one, other))
        except TypeError:  # a list beside an object
            return unequal

    return holds


def contains(whole: Value, part: Value) -> Predicate:
    """Whether a text, a list or an object of a row contains a value.

    Raises:
        FilterError: the kind of ``whole`` cannot contain anything.
    """
    if whole.kind in ("number", "boolean", "image", "file", "null"):
        raise FilterError(whole.token.position, f"{whole.token} is a {whole.kind}; 'contains' needs a text or a list")

    def holds(row: Row) -> bool:
        container, item = whole.of(row), part.of(row)
        if isinstance(container, str):
            return isinstance(item, str) and item.casefold() in container.casefold()
        return isinstance(container, list | dict) and not isinstance(item, list | dict) and item in container

    return holds
