"""Fields of artifact versions, their files, aliases and places in collections."""

import mimetypes
from typing import Any

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.errors import NotFoundError
from wandb_local.names import from_id, to_id
from wandb_local.protocol.graphql.artifact_nodes import alias_nodes, artifact_node, collection_node, tags_of, type_of
from wandb_local.protocol.graphql.common import column, constant, identity, iso, moment, pages
from wandb_local.protocol.graphql.executor import Arguments, Fields, Node
from wandb_local.records.artifacts import lists, queries
from wandb_local.records.artifacts.lifetime import INHERITED
from wandb_local.records.artifacts.manifest import md5_to_base64
from wandb_local.records.artifacts.merge import manifest_md5
from wandb_local.records.artifacts.uses import runs_of
from wandb_local.records.artifacts.versions import find_by_client, last_change
from wandb_local.records.files import files_of_version
from wandb_local.records.projects import run_by_id
from wandb_local.store.database import Row


def _manifest(context: Context, row: Row, _: Arguments) -> dict[str, Any] | None:
    md5 = manifest_md5(context, row["id"])
    if md5 is None:
        return None
    url = context.download_url(md5, "wandb_manifest.json")
    return {"__typename": "ArtifactManifest", "file": {"__typename": "File", "directUrl": url}}


def _used_by(context: Context, row: Row, _: Arguments) -> dict[str, Any]:
    runs = reversed(runs_of(context.db, row["id"], "input"))
    return {"edges": [{"node": Node("Run", run)} for run in runs]}


def _created_by(context: Context, row: Row, _: Arguments) -> Node | None:
    run = run_by_id(context.db, row["run_id"])
    return None if run is None else Node("Run", run)


def _memberships(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    return pages(context, "ArtifactCollectionMembership", queries.places_of(row["id"]), arguments)


def _files(context: Context, artifact_id: int, arguments: Arguments) -> dict[str, Any]:
    """The files of a version, references among them: their URL is the address that they refer to."""
    return pages(context, "File", files_of_version(artifact_id, inputs.strings(arguments, "names")), arguments)


def _by_entries(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    names = [str(entry.get("name", entry.get("path", ""))) for entry in inputs.objects(arguments, "entries")]
    return _files(context, row["id"], {"names": names or [""], "first": len(names)})


def _file_url(context: Context, row: Row, _: Arguments) -> str:
    return str(row["ref"]) if row["md5"] is None else context.download_url(row["md5"], row["path"])


def _digest(_: Context, row: Row, __: Arguments) -> str | None:
    return None if row["md5"] is None else md5_to_base64(row["md5"])


def _run_artifacts(direction: str) -> Any:
    def resolve(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
        return pages(context, "Artifact", queries.versions_of_run(row["id"], direction), arguments)

    return resolve


def _client_id(context: Context, _: Any, arguments: Arguments) -> dict[str, Any] | None:
    found = find_by_client(context, arguments.get("clientID"))
    return None if found is None else {"serverID": to_id("Artifact", found["id"])}


def _artifact_by_id(context: Context, _: Any, arguments: Arguments) -> Node | None:
    try:
        return artifact_node(context, from_id("Artifact", arguments.get("id")))
    except NotFoundError:
        return None


ARTIFACT: Fields = {
    "id": identity("Artifact"),
    "artifactSequence": lambda c, row, _a: collection_node(c, row["collection_id"]),
    "artifactType": lambda c, row, _a: type_of(c, row["collection_id"]),
    "versionIndex": column("version"),
    "description": column("description"),
    "metadata": column("metadata"),
    "digest": column("digest"),
    "digestAlgorithm": constant("MANIFEST_MD5"),
    "state": column("state"),
    "size": column("size"),
    "fileCount": column("file_count"),
    "commitHash": lambda _c, row, _a: row["commit_hash"] or to_id("Artifact", row["id"]),
    "historyStep": column("history_step"),
    "ttlDurationSeconds": column("ttl"),
    "ttlIsInherited": lambda _c, row, _a: row["ttl"] == INHERITED,
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "tags": lambda c, row, _a: tags_of(c, "artifact", row["id"]),
    "aliases": lambda c, row, _a: alias_nodes(lists.aliases_of_version(c.db, row["id"])),
    "currentManifest": _manifest,
    "usedBy": _used_by,
    "createdBy": _created_by,
    "artifactMemberships": _memberships,
    "filesByManifestEntries": _by_entries,
}

ARTIFACT_FILE: Fields = {
    "id": lambda _c, row, _a: to_id(f"ArtifactFile:{row['path']}", row["artifact_id"]),
    "name": column("path"),
    "displayName": column("path"),
    "url": _file_url,
    "directUrl": _file_url,
    "sizeBytes": column("size"),
    "storagePath": lambda _c, row, _a: row["md5"] and f"md5/{row['md5']}",
    "mimetype": lambda _c, row, _a: mimetypes.guess_type(row["path"])[0] or "application/octet-stream",
    "digest": _digest,
    "md5": _digest,
    "updatedAt": lambda c, row, _a: iso(last_change(c.db, row["artifact_id"])),
}

ARTIFACT_ALIAS: Fields = {
    "id": identity("ArtifactAlias"),
    "alias": column("alias"),
    "artifactCollection": lambda c, row, _a: collection_node(c, row["collection_id"]),
}

MEMBERSHIP: Fields = {
    "id": identity("ArtifactCollectionMembership"),
    "versionIndex": column("version"),
    "createdAt": moment("created_at"),
    "aliases": lambda c, row, _a: alias_nodes(lists.aliases_at(c.db, row["id"])),
    "artifactCollection": lambda c, row, _a: collection_node(c, row["collection_id"]),
    "artifact": lambda c, row, _a: artifact_node(c, row["artifact_id"]),
    "files": lambda c, row, arguments: _files(c, row["artifact_id"], arguments),
}

RUN_ARTIFACTS: Fields = {"inputArtifacts": _run_artifacts("input"), "outputArtifacts": _run_artifacts("output")}

ARTIFACT_QUERIES: Fields = {
    "artifact": _artifact_by_id,
    "artifactCollection": lambda c, _r, a: collection_node(c, from_id("ArtifactCollection", a.get("id"))),
    "clientIDMapping": _client_id,
}
