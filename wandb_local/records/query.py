"""Records by a query, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.store.database import Database, Row


@dataclass(frozen=True)
class Query:
    """A query: ``selected`` from a ``source`` (tables and condition, with ``values``), in an order with its values."""

    selected: str
    source: str
    order: str
    values: Sequence[Any] = ()
    order_values: Sequence[Any] = ()

    def rows(self, db: Database, limit: int = -1, offset: int = 0) -> list[Row]:
        """The records, or a page of them."""
        sql = f"SELECT {self.selected} FROM {self.source} ORDER BY {self.order} LIMIT ? OFFSET ?"
        return db.rows(sql, [*self.values, *self.order_values, limit, offset])

    def count(self, db: Database) -> int:
        """How many records there are on all pages."""
        return int(db.value(f"SELECT count(*) FROM {self.source}", self.values))
