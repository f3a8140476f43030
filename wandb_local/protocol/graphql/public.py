"""The query roots: the user, projects with their runs, and what the server can do."""

from typing import Any

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.names import DEFAULT_ENTITY, to_id
from wandb_local.protocol.graphql.common import column, constant, identity, moment, page_of, page_size, pages
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.protocol.graphql.organizations import USER, entity_node, organization
from wandb_local.protocol.graphql.refused import NONE
from wandb_local.records.filters import where
from wandb_local.records.keyset import OF_PROJECT, Keyset
from wandb_local.records.projects import count_runs, entities, find_project, find_run
from wandb_local.records.registries import projects_of
from wandb_local.records.searchable import RUNS
from wandb_local.store.database import Row

FEATURES = (
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "ARTIFACT_REGISTRY_SEARCH",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "MARK_RUN_FILES_UPLOADED",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "SWEEPS_QUERY_FILTERING",
)


def _user(context: Context, _: Any, __: Arguments) -> dict[str, Any]:
    teams = list(dict.fromkeys([DEFAULT_ENTITY, *entities(context.db)]))
    return {
        "__typename": "User",
        "id": to_id("User", 1),
        **USER,
        "admin": False,
        "flags": '{"code_saving_enabled": true}',
        "entity": DEFAULT_ENTITY,
        "deletedAt": None,
        "apiKeys": {"edges": [{"node": {"id": to_id("ApiKey", 1), "name": "local", "description": None}}]},
        "teams": {"edges": [{"node": {"name": name}} for name in teams]},
        "projects": NONE(context, None, {}),  # which the client asks for their automations
    }


def _users(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    wanted = str(arguments.get("query") or "").lower()
    known = any(wanted in value for value in USER.values())
    return {"edges": [{"node": _user(context, None, {})}] if known else []}


def _project(context: Context, _: Any, arguments: Arguments) -> Node | None:
    row = find_project(context, arguments)
    return None if row is None else Node("Project", row)


def _bucket(context: Context, row: Row, arguments: Arguments) -> Node | None:
    run = find_run(context, row["id"], arguments.get("name"))
    if run is None and not arguments.get("missingOk"):
        raise NotFoundError(f"run {arguments.get('name')!r} does not exist")
    return None if run is None else Node("Run", run)


def _run(context: Context, row: Row, arguments: Arguments) -> Node | None:
    run = find_run(context, row["id"], arguments.get("name"))
    return None if run is None else Node("Run", run)


def list_runs(context: Context, base: str, record_id: int, arguments: Arguments) -> dict[str, Any]:
    """A page of the runs under ``base`` (a condition of ``keyset``) that pass ``filters``, in ``order``."""
    condition, parameters = where(RUNS, inputs.text(arguments, "filters"))
    keys = Keyset(RUNS, inputs.text(arguments, "order"))
    size, given = page_size(arguments), [record_id, *parameters]
    rows = keys.rows(context.db, f"{base} AND ({condition})", given, arguments.get("after"), size + 1)
    edges = [{"node": Node("Run", row), "cursor": keys.cursor(row)} for row in rows[:size]]
    return page_of(edges, len(rows) > size, None)


def _runs(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    return list_runs(context, OF_PROJECT, row["id"], arguments)


def _run_count(context: Context, row: Row, arguments: Arguments) -> Any:
    return count_runs(context.db, row["id"], inputs.text(arguments, "filters"))


def _projects(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    entity = arguments.get("entityName") or DEFAULT_ENTITY
    return pages(context, "Project", projects_of(str(entity)), arguments)


QUERY: Fields = {
    "viewer": _user,
    "users": _users,
    "project": _project,
    "model": _project,
    "models": _projects,
    "entity": lambda _c, _r, arguments: entity_node(arguments.get("name")),
    "organization": organization,
    "serverInfo": constant(
        {
            "cliVersionInfo": {"min_cli_version": "0.31.0", "max_cli_version": "0.31.0"},
            "features": [{"name": name, "isEnabled": True} for name in FEATURES],
        }
    ),
}

PROJECT: Fields = {
    "id": identity("Project"),
    "internalId": identity("ProjectInternalId"),
    "name": column("name"),
    "entityName": column("entity"),
    "entity": lambda _c, row, _a: entity_node(row["entity"]),
    "description": column("description"),
    "createdAt": moment("created_at"),
    "updatedAt": moment("created_at"),
    "isBenchmark": constant(False),
    "readOnly": constant(False),
    "views": constant("{}"),
    "user": _user,
    "run": _run,
    "bucket": _bucket,
    "runs": _runs,
    "runCount": _run_count,
}
