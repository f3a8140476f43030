"""The list of runs that a visitor sees: what its callbacks are given, and the order that belongs to it."""

import functools
from collections.abc import Mapping
from typing import Any

from dash import State

from wandb_local.context import Context
from wandb_local.records.projects import need_project
from wandb_local.web.project.asked import asked_of
from wandb_local.web.project.order import Order, Orders

BLOCK = 100  # runs that the grid asks for at once, and the header's box ticks
VIEW = (State("runs-page", "data"), State("runs-search", "value"), State("runs-columns", "value"))


@functools.lru_cache(maxsize=4)
def orders_of(context: Context) -> Orders:
    """The orders of runs that are kept on a server."""
    return Orders(context.db)


def order_of(
    context: Context, page: Mapping[str, Any], find: str | None, view: Any, columns: list[str] | None
) -> Order:
    """The runs of the project of ``page`` by the visitor's request; ``view`` has the grid's own form."""
    project_id = need_project(context, page["entity"], page["project"])["id"]
    return orders_of(context).get(asked_of(project_id, find, view, columns))
