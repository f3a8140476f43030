"""Functions that all resolvers share: times, columns, pages."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.inputs import integer
from wandb_local.names import to_id
from wandb_local.protocol.graphql.executor import Arguments, Node, Resolver
from wandb_local.records.query import Query
from wandb_local.store.database import Row

MAX_PAGE = 10_000


def iso(seconds: float | None) -> str | None:
    """A time as W&B writes it: UTC, whole seconds."""
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def column(name: str) -> Resolver:
    """A resolver that answers a column of the record."""
    return lambda _context, record, _arguments: record[name]


def constant(value: Any) -> Resolver:
    """A resolver that always answers the same."""
    return lambda _context, _record, _arguments: value


def moment(name: str) -> Resolver:
    """A resolver for a column that holds a time."""
    return lambda _context, record, _arguments: iso(record[name])


def identity(kind: str) -> Resolver:
    """A resolver for the opaque id of the record."""
    return lambda _context, record, _arguments: to_id(kind, record["id"])


def page_bounds(arguments: Arguments) -> tuple[int, int]:
    """Offset and size of the asked page. A cursor is the number of items before the page.

    Raises:
        ClientError: a cursor that the server did not make, or a size that is not a number.
    """
    after = arguments.get("after") or "0"
    if not isinstance(after, str) or not after.isdecimal() or len(after) > 18:
        raise ClientError(f"after: give the endCursor of the last page, not {str(after)[:100]!r}")
    return int(after), page_size(arguments)


def page_size(arguments: Arguments) -> int:
    """The largest number of records of the requested page.

    Raises:
        ClientError: not a number.
    """
    return min(max(integer(arguments, "first", MAX_PAGE), 0), MAX_PAGE)


def connection(items: Sequence[dict[str, Any]], arguments: Arguments, total: int | None) -> dict[str, Any]:
    """A page of edges; ``items`` are those from the page's offset on, one more than fits if there are more."""
    offset, size = page_bounds(arguments)
    edges = [{**edge, "cursor": str(offset + number)} for number, edge in enumerate(items[:size], start=1)]
    return page_of(edges, len(items) > size, total)


def page_of(edges: Sequence[dict[str, Any]], more: bool, total: int | None) -> dict[str, Any]:
    """A page of edges that have their cursors."""
    page = {"__typename": "PageInfo", "endCursor": edges[-1]["cursor"] if edges else None, "hasNextPage": more}
    return {"edges": edges, "totalCount": total, "pageInfo": page}


def pages(
    context: Context, kind: str | Callable[[Row], str], query: Query, arguments: Arguments, *, counted: bool = True
) -> dict[str, Any]:
    """A page of the nodes that a query finds."""
    offset, size = page_bounds(arguments)
    rows = query.rows(context.db, size + 1, offset)
    edges = [{"node": Node(kind if isinstance(kind, str) else kind(row), row)} for row in rows]
    return connection(edges, arguments, query.count(context.db) if counted else None)
