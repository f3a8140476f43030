"""The public API's Mongo-style filters and orders as SQL.

``{"$and": [{"config.lr": {"$gt": 0.1}}, {"state": "finished"}]}`` becomes a WHERE clause with bound parameters.
"""

import datetime as dt
import json
import re
from typing import Any

import re2

from wandb_local import jsons
from wandb_local.errors import ClientError
from wandb_local.limits import MAX_STRINGS, TooLargeError
from wandb_local.records.searchable import Searchable

_MAX_DEPTH = 20
_MAX_KEYS = 50  # of an order
_ENTRY = "CASE type WHEN 'object' THEN json_extract(value, '$.value') END"  # a config has {"value": …} for each key
_COMPARISONS = {"$eq": "IS", "$ne": "IS NOT", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}


def where(table: Searchable, text: str | None) -> tuple[str, list[Any]]:
    """The WHERE clause and its parameters for a filter in JSON.

    Raises:
        ClientError: not JSON, or an unknown operator or field.
    """
    if not text:
        return "1", []
    try:
        condition = jsons.whole(jsons.loads(text))
    except TooLargeError as error:
        raise TooLargeError(f"filters: {error}") from None
    except (ValueError, TypeError, RecursionError):
        raise ClientError("filters: this is not JSON") from None
    clause, parameters = _condition(table, condition if condition is not None else {}, 0)
    if len(parameters) > MAX_STRINGS:
        raise TooLargeError(f"filters: more than {MAX_STRINGS} values")
    return clause, parameters


def order_by(table: Searchable, text: str | None, default: str = "+created_at") -> tuple[str, list[Any]]:
    """The ORDER BY clause and its parameters for ``+created_at``, ``-summary_metrics.val/loss`` and the like.

    Records without the value come last.
    """
    clauses, parameters = [], []
    for expression, values, descending in sort_keys(table, text, default):
        clauses += [f"{expression} IS NULL", f"{expression} {'DESC' if descending else 'ASC'}"]
        parameters += [*values, *values]
    return ", ".join(clauses), parameters


def sort_keys(
    table: Searchable, text: str | None, default: str = "+created_at"
) -> list[tuple[str, tuple[Any, ...], bool]]:
    """The keys of an order: SQL, its parameters, and whether it is descending."""
    keys = _split(table, text or default)
    if len(keys) > _MAX_KEYS:
        raise TooLargeError(f"order: give at most {_MAX_KEYS} keys")
    found = []
    for key in keys:
        expression, values = _expression(table, key[1:] if key.startswith(("+", "-")) else key)
        found.append((expression, tuple(values), key.startswith("-")))
    return found


def _split(table: Searchable, text: str) -> list[str]:
    """The keys of an order. A comma separates two keys only if a key begins after it: keys may contain commas."""
    begins = [rf"{re.escape(name)}(?=,|$)" for name in table.fields] + [rf"{name}\." for name in table.documents]
    return re.split(rf",(?=[+-]?(?:{'|'.join(begins)}))", text)


def _condition(table: Searchable, condition: Any, depth: int) -> tuple[str, list[Any]]:
    if not isinstance(condition, dict) or depth > _MAX_DEPTH:
        raise ClientError('filters: give an object such as {"state": "finished"}')
    clauses, parameters = [], []
    for key, value in condition.items():
        clause, values = (
            _combined(table, key, value, depth) if key.startswith("$") else _field(table, key, value, depth)
        )
        clauses.append(clause)
        parameters += values
    return _joined(clauses, " AND "), parameters


def _joined(clauses: list[str], joiner: str) -> str:
    """The clauses as a tree with as few levels as can be: SQLite takes 1,000, and a plain chain has one for each."""
    if len(clauses) < 2:
        return clauses[0] if clauses else "1"
    half = len(clauses) // 2
    return f"({_joined(clauses[:half], joiner)}{joiner}{_joined(clauses[half:], joiner)})"


def _combined(table: Searchable, operator: str, value: Any, depth: int) -> tuple[str, list[Any]]:
    if operator == "$not":
        clause, parameters = _condition(table, value, depth + 1)
        return f"NOT ({clause})", parameters
    joiner = {"$and": " AND ", "$or": " OR ", "$nor": " OR "}.get(operator)
    if joiner is None or not isinstance(value, list):
        raise ClientError(f"filters: the operator {operator} is unknown, or its value is not a list")
    parts = [_condition(table, item, depth + 1) for item in value]
    clause = _joined([f"({sql})" for sql, _ in parts], joiner)
    return (f"NOT ({clause})" if operator == "$nor" else f"({clause})"), [v for _, values in parts for v in values]


def _field(table: Searchable, key: str, test: Any, depth: int) -> tuple[str, list[Any]]:
    if depth > _MAX_DEPTH:
        raise ClientError("filters: they are nested too deeply")
    if not (isinstance(test, dict) and test and all(name.startswith("$") for name in test)):
        test = {"$eq": test}
    clauses, parameters = [], []
    for operator, value in test.items():
        if operator == "$not":
            clause, values = _field(table, key, value, depth + 1)
            clause = f"NOT coalesce({clause}, 0)"
        elif key in table.lists:
            clause, values = _listed(table, key, operator, value)
        else:
            clause, values = _test(table, *_expression(table, key), operator, value)
        clauses.append(f"({clause})")
        parameters += values
    return " AND ".join(clauses), parameters


def _test(table: Searchable, expression: str, bound: list[Any], operator: str, value: Any) -> tuple[str, list[Any]]:
    if operator in _COMPARISONS:
        return f"{expression} {_COMPARISONS[operator]} ?", [*bound, _value(table, expression, value)]
    if operator in ("$in", "$nin") and isinstance(value, list):
        marks = ", ".join("?" * len(value))
        clause = f"coalesce({expression} IN ({marks}), 0)"
        return (f"NOT {clause}" if operator == "$nin" else clause), [
            *bound,
            *(_value(table, expression, v) for v in value),
        ]
    if operator == "$regex" and isinstance(value, str):
        return f"regexp(?, {expression})", [_pattern(value), *bound]
    if operator == "$exists":
        return f"{expression} IS {'NOT ' if value else ''}NULL", bound
    raise ClientError(f"filters: the operator {operator} is unknown, or does not take the value {value!r}")


def _pattern(text: str) -> str:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except (re2.error, UnicodeEncodeError) as error:
        why = error.args[0].decode()[:100] if isinstance(error, re2.error) else str(error)
        raise ClientError(f"filters: RE2 does not accept the regular expression {text[:100]!r}: {why}") from None
    return text


def _listed(table: Searchable, key: str, operator: str, value: Any) -> tuple[str, list[Any]]:
    if operator == "$exists":
        return f"{'' if value else 'NOT '}EXISTS (SELECT 1 FROM {table.lists[key]})", []
    negated = {"$ne": "$eq", "$nin": "$in"}.get(operator)
    clause, parameters = _test(table, "item.value", [], negated or operator, value)
    return f"{'NOT ' if negated else ''}EXISTS (SELECT 1 FROM {table.lists[key]} AS item WHERE {clause})", parameters


def _expression(table: Searchable, key: str) -> tuple[str, list[Any]]:
    if key in table.fields:
        return table.fields[key], []
    section, dot, rest = key.partition(".")
    if section in table.documents and dot:
        return _document(table.documents[section], rest, section == "config")
    if section in table.lists:
        return f"(SELECT 1 FROM {table.lists[section]} AS item WHERE item.value = ?)", [rest]
    if section == "keys_info":
        return "lookup(runs.history_keys, ?)", [f"keys.{rest.removeprefix('keys.')}"]
    known = [*sorted({*table.fields, *table.lists}), *(f"{name}.…" for name in table.documents)]
    raise ClientError(f"filters and order: there is no field {key!r}; give one of {', '.join(known)}")


def _document(column: str, key: str, is_config: bool) -> tuple[str, list[Any]]:
    """A value in a JSON column. Keys are compared as text: SQLite's paths do not know escaped letters, which JSON may
    have anywhere, nor quotation marks. A key with dots has several readings, which only ``jsons.lookup`` knows."""
    if "." in key:
        value = f"{'lookup_config' if is_config else 'lookup'}({column}, ?)"
    else:
        value = f"(SELECT {_ENTRY if is_config else 'value'} FROM json_each({column}) WHERE key = ?)"
    # NaN and infinities are stored as text, which SQLite would rank above every number
    return (value if is_config else f"nullif(nullif(nullif({value}, 'NaN'), 'Infinity'), '-Infinity')"), [key]


def _value(table: Searchable, expression: str, value: Any) -> Any:
    if expression in table.times and isinstance(value, str):
        return _seconds(value)
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, str | int | float):
        return value if not isinstance(value, int) or abs(value) < 1 << 63 else float(value)
    return json.dumps(value, separators=(",", ":"))


def _seconds(text: str) -> float:
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ClientError(f"filters: {text!r} is not a time such as 2026-01-31T12:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
