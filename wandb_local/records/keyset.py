"""Pages of runs that begin behind the last run of the page before. A page in the middle of a long list costs what the
first one does, and no run is left out or comes twice because others came or went in between."""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.errors import ClientError
from wandb_local.records.filters import sort_keys
from wandb_local.records.searchable import Searchable
from wandb_local.store.database import Database, Row

OF_PROJECT, OF_SWEEP, OF_AGENT = "project_id = ?", "sweep_id = ?", "agent_id = ?"  # conditions
PRIOR_TO_SWEEP = "id IN (SELECT run_id FROM sweep_prior_runs WHERE sweep_id = ?)"


@dataclass(frozen=True)
class Key:
    """One thing that runs are ordered by: SQL and its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()
    descending: bool = False


class Keyset:
    """The order of a list of runs; runs without the value come last."""

    def __init__(self, table: Searchable, order: str | None) -> None:
        self._keys: list[Key] = []
        for sql, parameters, descending in sort_keys(table, order):
            if sql not in table.present:
                self._keys.append(Key(f"({sql} IS NULL)", parameters))
            self._keys.append(Key(sql, parameters, descending))
        self._once = all(key.sql in table.present for key in self._keys)  # as an index has them
        self._keys.append(Key("id", (), self._keys[-1].descending))

    def rows(self, db: Database, condition: str, parameters: Sequence[Any], cursor: object, limit: int) -> list[Row]:
        """The runs behind ``cursor`` (without one: the first) that fulfil a condition, with what they are ordered by.

        Raises:
            ClientError: the cursor is not of a list with this order.
        """
        keys = ", ".join(f"{key.sql} AS {name}" for name, key in self._named())
        order = ", ".join(f"{name} {'DESC' if key.descending else 'ASC'}" for name, key in self._named())
        behind, values = self._behind(cursor)
        sql = (
            f"WITH found AS {'NOT ' * self._once}MATERIALIZED (SELECT id, {keys} FROM runs WHERE {condition}), page AS"
            f" (SELECT * FROM found WHERE {behind} ORDER BY {order} LIMIT ?)"
            f" SELECT page.*, runs.* FROM page JOIN runs USING (id) ORDER BY {order}"
        )
        bound = [value for key in self._keys for value in key.parameters]
        return db.rows(sql, [*bound, *parameters, *values, limit])

    def cursor(self, row: Row) -> str:
        """The position of a row in the order."""
        values = [row[name] for name, _ in self._named()]
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    def _named(self) -> Iterator[tuple[str, Key]]:
        return ((f"key_{place}", key) for place, key in enumerate(self._keys))

    def _behind(self, cursor: object) -> tuple[str, list[Any]]:
        if not cursor:
            return "1", []
        values = self._read(cursor)
        if self._once and len({key.descending for key in self._keys}) == 1:  # which an index can answer
            names, marks = ", ".join(name for name, _ in self._named()), ", ".join("?" * len(values))
            return f"({names}) {'<' if self._keys[0].descending else '>'} ({marks})", values
        clause = "0"
        parameters: list[Any] = []
        for (name, key), value in reversed(list(zip(self._named(), values, strict=True))):
            clause = f"({name} {'<' if key.descending else '>'} ? OR ({name} IS ? AND {clause}))"
            parameters = [value, value, *parameters]
        return clause, parameters

    def _read(self, cursor: object) -> list[Any]:
        try:
            values = json.loads(base64.urlsafe_b64decode(str(cursor).encode()))
        except (binascii.Error, ValueError, RecursionError):
            values = None
        known = isinstance(values, list) and len(values) == len(self._keys)
        if not known or not all(value is None or isinstance(value, str | int | float) for value in values):
            raise ClientError(f"after: give the endCursor of the last page, not {str(cursor)[:100]!r}")
        return list(values)
