"""The logged tables of a run: their keys, their steps, and the last table of each key."""

from collections.abc import Iterator, Mapping
from typing import Any

from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.records.history import lookup, parse_row
from wandb_local.records.lines import last_with, line_of_step
from wandb_local.store.database import Row
from wandb_local.web.documents import is_media, logged_kinds, summary_of

TABLE_TYPES = ("table-file", "incremental-table-file", "partitioned-table", "joined-table")


def logged_value(context: Context, run: Row, key: str, step: int | None) -> Mapping[str, Any]:
    """What a run logged as a table under a key: the last one, or that of a step.

    Raises:
        NotFoundError: nothing, or no table.
    """
    if step is None:
        value = last_table(context, run, key)
    else:
        line = line_of_step(context.db, run["id"], step)
        value = lookup(parse_row(line), key) if line else None
    if not _is_table(value):
        raise NotFoundError(f"run {run['name']} has no table {key!r}" + ("" if step is None else f" at step {step}"))
    return value or {}


def last_table(context: Context, run: Row, key: str) -> Mapping[str, Any] | None:
    """What a run logged last as a table under a key. The summary has it, unless ``define_metric`` says how its parts
    are to be summed up."""
    value: Mapping[str, Any] | None = lookup(parse_row(run["summary"]), key)
    if _is_table(value) or key not in table_keys(run):
        return value if _is_table(value) else None
    return next((found for _, found in _logged(context, run, key)), None)


def table_keys(run: Row) -> list[str]:
    """The keys under which a run has logged tables."""
    logged = {name for name, kinds in logged_kinds(run).items() if not set(TABLE_TYPES).isdisjoint(kinds)}
    return sorted(logged | {name for name, value in summary_of(run).items() if _is_table(value)})


def logged_steps(context: Context, run: Row, key: str) -> list[int]:
    """The steps at which a run logged a table under a key."""
    return [step for step, _ in _logged(context, run, key)][::-1]


def _logged(context: Context, run: Row, key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The tables under a key with their steps, the last one first."""
    found = ((row["step"], lookup(parse_row(row["line"]), key)) for row in last_with(context.db, run["id"], key))
    return ((step, value) for step, value in found if _is_table(value))


def _is_table(value: Any) -> bool:
    return is_media(value) and value["_type"] in TABLE_TYPES
