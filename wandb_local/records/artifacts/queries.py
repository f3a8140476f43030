"""Lists of artifacts for clients, page by page; ``filters`` and ``order`` are the public API's."""

from wandb_local.records.filters import order_by, where
from wandb_local.records.query import Query
from wandb_local.records.searchable import ARTIFACTS, COLLECTIONS


def places_of(artifact_id: int) -> Query:
    """The places of a version in collections, oldest first."""
    return Query("*", "memberships WHERE artifact_id = ?", "id", (artifact_id,))


def versions_of_run(run_id: int, direction: str) -> Query:
    """The versions that a run has used (``input``) or logged (``output``), oldest first."""
    source = "run_artifacts JOIN artifacts ON artifacts.id = artifact_id"
    condition = "run_artifacts.run_id = ? AND direction = ? AND state = 'COMMITTED'"
    return Query("artifacts.*", f"{source} WHERE {condition}", "artifacts.id", (run_id, direction))


def versions_in(collection_id: int, filters: str | None, order: str | None) -> Query:
    """The versions in a collection, the newest first, each with its ``place`` there."""
    condition, values = where(ARTIFACTS, filters)
    by, order_values = order_by(ARTIFACTS, order, "-versionIndex")
    source = "memberships JOIN artifacts ON artifacts.id = artifact_id"
    source += f" WHERE memberships.collection_id = ? AND ({condition})"
    return Query("artifacts.*, memberships.version AS place", source, by, (collection_id, *values), order_values)


def collections_of_project(project_id: int, filters: str | None, order: str | None) -> Query:
    """The collections of a project."""
    return _collections("project_id", project_id, filters, order)


def collections_of_type(type_id: int, filters: str | None, order: str | None) -> Query:
    """The collections of a type."""
    return _collections("type_id", type_id, filters, order)


def _collections(column: str, record_id: int, filters: str | None, order: str | None) -> Query:
    condition, values = where(COLLECTIONS, filters)
    by, order_values = order_by(COLLECTIONS, order, "+name")
    return Query("*", f"collections WHERE {column} = ? AND ({condition})", by, (record_id, *values), order_values)


def types_of(project_id: int) -> Query:
    """The artifact types of a project by name."""
    return Query("*", "artifact_types WHERE project_id = ?", "name", (project_id,))


def aliases_in(collection_id: int) -> Query:
    """The aliases in a collection, oldest first."""
    return Query("*", "aliases WHERE collection_id = ?", "id", (collection_id,))
