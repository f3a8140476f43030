"""The query roots: the user, projects with their runs, and what the server can do."""

from typing import Any

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.errors import NotFoundError, UnsupportedError
from wandb_local.graphql.common import column, connection, constant, identity, moment, page_bounds, pages
from wandb_local.graphql.executor import Arguments, Fields, Node
from wandb_local.graphql.filters import order_by, where
from wandb_local.graphql.projects import find_project, find_run, make_project
from wandb_local.graphql.searchable import RUNS
from wandb_local.names import DEFAULT_ENTITY, from_id, to_id

FEATURES = (
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "MARK_RUN_FILES_UPLOADED",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "SWEEPS_QUERY_FILTERING",
)

UNSUPPORTED = (
    "createTeam",
    "createInvite",
    "deleteInvite",
    "createServiceAccount",
    "createUser",
    "generateApiKey",
    "deleteApiKey",
    "renameProject",
    "createProjectMembers",
    "deleteProjectMembers",
    "updateProjectMember",
    "updateProjectTeamMember",
    "createCustomChart",
    "createDefaultResourceConfig",
    "createRunQueue",
    "upsertRunQueue",
    "enqueueSweepRun",
)


def _user(context: Context, _: Any, __: Arguments) -> dict[str, Any]:
    entities = [row["entity"] for row in context.db.rows("SELECT DISTINCT entity FROM projects ORDER BY entity")]
    teams = list(dict.fromkeys([DEFAULT_ENTITY, *entities]))
    return {
        "__typename": "User",
        "id": to_id("User", 1),
        "name": "local",
        "username": "local",
        "email": "local@localhost",
        "admin": False,
        "flags": '{"code_saving_enabled": true}',
        "entity": DEFAULT_ENTITY,
        "deletedAt": None,
        "apiKeys": {"edges": [{"node": {"id": to_id("ApiKey", 1), "name": "local", "description": None}}]},
        "teams": {"edges": [{"node": {"name": name}} for name in teams]},
    }


def _project(context: Context, _: Any, arguments: Arguments) -> Node | None:
    row = find_project(context, arguments)
    return None if row is None else Node("Project", row)


def _entity(name: str) -> dict[str, Any]:
    """An entity: all belong to the one user and none to an organization, so there is no registry."""
    return {
        "__typename": "Entity",
        "id": to_id("Entity", 1),
        "name": name,
        "organization": None,
        "user": None,
        "isTeam": False,
        "entityType": "user",
        "available": False,
        "xxhashDigestsEnabled": False,
        "members": [],
        "photoUrl": None,
        "readOnly": False,
        "readOnlyAdmin": False,
        "privateOnly": True,
        "storageBytes": 0,
        "codeSavingEnabled": True,
        "defaultAccess": "PRIVATE",
        "isPaid": False,
        "project": None,
    }


def _bucket(context: Context, row: Row, arguments: Arguments) -> Node | None:
    run = find_run(context, row["id"], arguments.get("name"))
    if run is None and not arguments.get("missingOk"):
        raise NotFoundError(f"run {arguments.get('name')!r} does not exist")
    return None if run is None else Node("Run", run)


def _run(context: Context, row: Row, arguments: Arguments) -> Node | None:
    run = find_run(context, row["id"], arguments.get("name"))
    return None if run is None else Node("Run", run)


def list_runs(context: Context, base: str, base_parameters: list[Any], arguments: Arguments) -> dict[str, Any]:
    """A page of the runs under ``base`` (a condition) that pass ``filters``, in ``order``."""
    condition, parameters = where(RUNS, inputs.text(arguments, "filters"))
    order, order_parameters = order_by(RUNS, inputs.text(arguments, "order"))
    offset, size = page_bounds(arguments)
    rows = context.db.rows(
        f"SELECT * FROM runs WHERE {base} AND ({condition}) ORDER BY {order}, id LIMIT ? OFFSET ?",
        [*base_parameters, *parameters, *order_parameters, size + 1, offset],
    )
    return connection([{"node": Node("Run", row)} for row in rows], arguments, None)


def _runs(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    return list_runs(context, "project_id = ?", [row["id"]], arguments)


def _run_count(context: Context, row: Row, arguments: Arguments) -> Any:
    condition, parameters = where(RUNS, inputs.text(arguments, "filters"))
    return context.db.value(
        f"SELECT count(*) FROM runs WHERE project_id = ? AND ({condition})", [row["id"], *parameters]
    )


def _projects(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    entity = arguments.get("entityName") or DEFAULT_ENTITY
    return pages(context, "Project", "SELECT * FROM projects WHERE entity = ? ORDER BY name", [entity], arguments)


def _upsert_model(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    if str(given.get("name") or "").startswith("wandb-registry-"):
        raise UnsupportedError("registries are not supported by this server; link to a collection of a project instead")
    known = find_project(context, {"entityName": given.get("entityName"), "name": given.get("name")})
    project = make_project(context, given.get("entityName"), given.get("name"))
    if given.get("description") is not None:
        with context.db.write() as db:
            db.execute("UPDATE projects SET description = ? WHERE id = ?", (str(given["description"]), project["id"]))
    node = _project(context, None, {"entityName": project["entity"], "name": project["name"]})
    return {"project": node, "model": node, "inserted": known is None}


def _delete_model(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    with context.db.write() as db:
        deleted = db.execute("DELETE FROM projects WHERE id = ?", (from_id("Project", arguments["input"].get("id")),))
    return {"success": deleted.rowcount > 0}


QUERY: Fields = {
    "viewer": _user,
    "users": lambda c, r, a: {"edges": [{"node": _user(c, r, a)}]},
    "project": _project,
    "model": _project,
    "models": _projects,
    "entity": lambda _c, _r, arguments: _entity(str(arguments.get("name") or DEFAULT_ENTITY)),
    "organization": constant(None),
    "serverInfo": constant(
        {
            "cliVersionInfo": {"min_cli_version": "0.31.0", "max_cli_version": "0.31.0"},
            "features": [{"name": name, "isEnabled": True} for name in FEATURES],
        }
    ),
}

PROJECT: Fields = {
    "id": identity("Project"),
    "internalId": lambda _c, row, _a: str(row["id"]),
    "name": column("name"),
    "entityName": column("entity"),
    "entity": lambda _c, row, _a: _entity(row["entity"]),
    "description": column("description"),
    "createdAt": moment("created_at"),
    "updatedAt": moment("created_at"),
    "isBenchmark": constant(False),
    "readOnly": constant(False),
    "access": constant("PRIVATE"),
    "views": constant("{}"),
    "user": _user,
    "run": _run,
    "bucket": _bucket,
    "runs": _runs,
    "runCount": _run_count,
}


def _unsupported(context: Context, _: Any, __: Arguments) -> None:
    raise UnsupportedError("teams, keys, members, queues and charts of W&B's cloud are not supported by this server")


PROJECT_MUTATIONS: Fields = {
    "upsertModel": _upsert_model,
    "deleteModel": _delete_model,
    **dict.fromkeys(UNSUPPORTED, _unsupported),
}
