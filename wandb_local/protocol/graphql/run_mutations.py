"""Mutations of runs and their files."""

from typing import Any

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.names import checked_path, from_id, to_id
from wandb_local.protocol.graphql.common import constant
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.records import branches, runs
from wandb_local.records.files import delete_run_file
from wandb_local.records.projects import need_run, run_by_id
from wandb_local.records.streams import note_alert


def _upsert_bucket(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    run_id, inserted = runs.upsert(context, arguments["input"])
    return {"bucket": _run(context, run_id), "inserted": inserted}


def _run(context: Context, run_id: int) -> Node:
    return Node("Run", run_by_id(context.db, run_id))


def _create_run_files(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    run = need_run(context, given.get("entityName"), given.get("projectName"), given.get("runName"))
    files = []
    for name in inputs.strings(given, "files"):
        claim: dict[str, object] = {"put": "run_file", "run": run["id"], "name": checked_path(name)}
        files.append({"name": name, "uploadUrl": context.upload_url(claim)})
    return {"runID": to_id("Run", run["id"]), "uploadHeaders": [], "files": files}


def _delete_files(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    with context.db.write() as db:
        for file_id in inputs.strings(arguments["input"], "files"):
            delete_run_file(db, from_id("RunFile", file_id))
    return {"success": True}


def _delete_run(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    """A run that is already deleted is not an error, because the answer to the first request may have been lost."""
    given = arguments["input"]
    runs.delete(context, from_id("Run", given.get("id")), bool(given.get("deleteArtifacts")))
    return {"clientMutationId": given.get("clientMutationId"), "success": True}


def _stop_run(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    runs.stop(context, runs.need_by_id(context, arguments["input"].get("id")))
    return {"success": True}


def _update_run_state(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    runs.change_state(context, runs.need_by_id(context, given.get("id")), given.get("state"))
    return {"success": True}


def _rewind_run(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    run = need_run(context, given.get("entityName"), given.get("projectName"), given.get("runName"))
    branches.rewind(context, run, given.get("metricName"), given.get("metricValue"))
    return {"rewoundRun": _run(context, run["id"])}


def _alert(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    run = need_run(context, given.get("entityName"), given.get("projectName"), given.get("runName"))
    with context.db.write() as db:
        note_alert(db, run["id"], *(str(given.get(name)) for name in ("title", "text", "severity")))
    return {"success": True}


RUN_MUTATIONS: Fields = {
    "upsertBucket": _upsert_bucket,
    "createRunFiles": _create_run_files,
    "markRunFilesUploaded": constant({"success": True}),
    "deleteFiles": _delete_files,
    "deleteRun": _delete_run,
    "stopRun": _stop_run,
    "updateRunState": _update_run_state,
    "rewindRun": _rewind_run,
    "notifyScriptableRunAlert": _alert,
}
