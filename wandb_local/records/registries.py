"""Projects and registries as clients list them; a registry is a project of collections of links."""

from typing import Any

from wandb_local.names import DEFAULT_ENTITY
from wandb_local.records.artifacts.collections import REGISTRY_PREFIX
from wandb_local.records.filters import order_by, where
from wandb_local.records.query import Query
from wandb_local.records.searchable import ARTIFACTS, COLLECTIONS, PROJECTS

_REGISTRIES = f"entity = '{DEFAULT_ENTITY}' AND name GLOB '{REGISTRY_PREFIX}?*'"


def projects_of(entity: str, filters: str | None = None, order: str | None = None) -> Query:
    """The projects of an entity."""
    return _projects("entity = ?", [entity], filters, order)


def registries(filters: str | None, order: str | None) -> Query:
    """All registries."""
    return _projects(_REGISTRIES, [], filters, order)


def _projects(known: str, values: list[Any], filters: str | None, order: str | None) -> Query:
    condition, more = where(PROJECTS, filters)
    by, order_values = order_by(PROJECTS, order, "+name")
    return Query("*", f"projects WHERE {known} AND ({condition})", f"{by}, id", [*values, *more], order_values)


def collections(projects: str | None, filters: str | None, order: str | None) -> Query:
    """The collections of the registries that pass the filters ``projects``."""
    source, values = _narrowed(projects, filters)
    by, order_values = order_by(COLLECTIONS, order, "+name")
    return Query("*", source, f"{by}, id", values, order_values)


def places(projects: str | None, collections: str | None, filters: str | None, order: str | None) -> Query:
    """The linked versions in the registries and collections that pass the filters, the latest link first."""
    narrowed, values = _narrowed(projects, collections)
    condition, more = where(ARTIFACTS, filters)
    by, order_values = order_by(ARTIFACTS, order, "-linked_at")
    source = "memberships JOIN artifacts ON artifacts.id = artifact_id"
    source += f" WHERE memberships.collection_id IN (SELECT id FROM {narrowed}) AND ({condition})"
    return Query("memberships.*", source, f"{by}, memberships.id DESC", [*values, *more], order_values)


def _narrowed(projects: str | None, collections: str | None) -> tuple[str, list[Any]]:
    registries, first = where(PROJECTS, projects)
    condition, second = where(COLLECTIONS, collections)
    known = f"SELECT id FROM projects WHERE {_REGISTRIES} AND ({registries})"
    return f"collections WHERE collections.project_id IN ({known}) AND portfolio AND ({condition})", [*first, *second]
