"""The state of the list of runs in the address, so that a link shows the same list again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wandb_local.web.urls import listed_names

_KINDS = {"agNumberColumnFilter": "number", "agDateColumnFilter": "date"}  # the others are texts
_MOST_TICKED = 1000


@dataclass(frozen=True)
class Remembered:
    """Words to find, the order and filters in the grid's own form, and the names of the ticked runs."""

    find: str
    sort: list[dict[str, str]]
    filters: dict[str, Any]
    ticked: list[str]

    @property
    def request(self) -> dict[str, Any]:
        """As the grid asks for rows."""
        return {"sortModel": self.sort, "filterModel": self.filters}

    @property
    def state(self) -> dict[str, Any]:
        """As the grid begins."""
        given = {"sort": {"sortModel": self.sort}, "filter": {"filterModel": self.filters}}
        return {"partialColumnState": True, **given}  # all else is as the columns say


def remembered(query: Mapping[str, str], columns: Sequence[Mapping[str, Any]]) -> Remembered:
    """The state from the query; columns that the grid does not have are ignored."""
    kinds = {column["field"]: _KINDS.get(str(column.get("filter")), "text") for column in columns}
    names = [name for name in listed_names(query.get("sort", "")) if name.removeprefix("-") in kinds]
    sort = [{"colId": name.removeprefix("-"), "sort": "desc" if name.startswith("-") else "asc"} for name in names]
    given = _object(query.get("filter", ""))
    filters = {name: model for name, model in given.items() if name in kinds and _fits(model, kinds[name])}
    return Remembered(query.get("find", ""), sort, filters, listed_names(query.get("runs", ""))[:_MOST_TICKED])


def _fits(model: Any, kind: str) -> bool:
    return isinstance(model, dict) and model.get("filterType") == kind


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
