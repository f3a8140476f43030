"""Mutations of artifact versions and collections."""

from typing import Any

from wandb_local import inputs
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.names import checked_name
from wandb_local.protocol.graphql.artifact_nodes import (
    artifact_node,
    collection_node,
    membership_node,
    tags_of,
    type_of,
)
from wandb_local.protocol.graphql.executor import Arguments, Fields
from wandb_local.records.artifacts import changing, lifetime, links, uploads, versions
from wandb_local.records.artifacts import collections as col
from wandb_local.records.artifacts.commit import commit
from wandb_local.records.projects import need_run
from wandb_local.store.database import Row


def _create(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    return {"artifact": artifact_node(context, versions.begin(context, arguments["input"]))}


def _commit(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    return {"artifact": artifact_node(context, commit(context, arguments["input"].get("artifactID")))}


def _use(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    artifact = versions.need_artifact(context, given.get("artifactID"))
    run = need_run(context, given.get("entityName"), given.get("projectName"), given.get("runName"))
    with context.db.write() as db:
        versions.record_use(db, run["id"], artifact["id"], "input", given.get("usedAs"))
    return {"artifact": artifact_node(context, artifact["id"])}


def _update(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    artifact = versions.need_artifact(context, given.get("artifactID"))
    changes: dict[str, Any] = {}
    if given.get("description") is not None:
        changes["description"] = str(given["description"])
    if given.get("metadata") is not None:
        changes["metadata"] = versions.checked_metadata(given["metadata"])
    if given.get("ttlDurationSeconds") is not None:
        changes["ttl"] = lifetime.given_ttl(given, type_of(context, artifact["collection_id"]).record["name"])
    with context.db.write() as db:
        changing.change(db, "artifacts", artifact["id"], changes)
        added, removed = inputs.objects(given, "tagsToAdd"), inputs.objects(given, "tagsToDelete")
        changing.change_tags(db, "artifact", artifact["id"], added, removed)
    return {"artifact": artifact_node(context, artifact["id"])}


def _delete(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    artifact = versions.need_artifact(context, arguments["input"].get("artifactID"))
    versions.delete(context, artifact, bool(arguments["input"].get("deleteAliases")))
    return {"artifact": {"id": arguments["input"].get("artifactID")}}


def _place(context: Context, artifact: Row, alias: Any) -> Row:
    collection = col.need_collection(context, alias)
    place = col.find_place(context.db, collection["id"], artifact["id"])
    if place is None:
        raise ClientError(f"the version is not in the collection {collection['name']!r}")
    return place


def _add_aliases(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    artifact = versions.need_artifact(context, arguments["input"].get("artifactID"))
    with context.db.write() as db:
        for alias in inputs.objects(arguments["input"], "aliases"):
            place = _place(context, artifact, alias)
            col.set_aliases(db, place["collection_id"], place["id"], [alias.get("alias")])
    return {"success": True}


def _delete_aliases(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    artifact = versions.need_artifact(context, arguments["input"].get("artifactID"))
    with context.db.write() as db:
        for alias in inputs.objects(arguments["input"], "aliases"):
            place = _place(context, artifact, alias)
            changing.drop_alias(db, place["id"], alias.get("alias"))
    return {"success": True}


def _link(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    if given.get("artifactID"):
        artifact = versions.need_artifact(context, given["artifactID"])
    else:
        found = versions.find_by_client(context, given.get("clientID"))
        if found is None:
            raise ClientError("linkArtifact: no artifact has this client id")
        artifact = found
    place = links.link(context, artifact, given)
    return {"versionIndex": place["version"], "artifactMembership": membership_node(place)}


def _unlink(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    collection = col.need_collection_by_id(context, given.get("artifactPortfolioID"))
    if not collection["portfolio"]:
        raise ClientError(
            "a version cannot be removed from the collection that it was logged to; delete the version instead"
        )
    links.unlink(context, versions.need_artifact(context, given.get("artifactID"))["id"], collection["id"])
    return {"success": True}


def _update_collection(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    collection = col.need_collection_by_id(context, given.get("artifactSequenceID") or given.get("artifactPortfolioID"))
    name = collection["name"] if given.get("name") is None else checked_name("artifact", given["name"])
    other = col.find_collection(context, collection["project_id"], name)
    if other is not None and other["id"] != collection["id"]:
        raise ClientError(f"the project already has an artifact {name!r}; give another name")
    description = collection["description"] if given.get("description") is None else str(given["description"])
    with context.db.write() as db:
        changing.change(db, "collections", collection["id"], {"name": name, "description": description})
    return {"artifactCollection": collection_node(context, collection["id"])}


def _move_collection(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    collection = col.need_collection_by_id(context, given.get("artifactSequenceID"))
    with context.db.write() as db:
        type_id = col.make_type(db, collection["project_id"], given.get("destinationArtifactTypeName"))
        changing.change(db, "collections", collection["id"], {"type_id": type_id})
    return {"artifactCollection": collection_node(context, collection["id"])}


def _delete_collection(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    given = arguments["input"]
    collection = col.need_collection_by_id(context, given.get("artifactSequenceID") or given.get("artifactPortfolioID"))
    kind = "ArtifactPortfolio" if collection["portfolio"] else "ArtifactSequence"
    with context.db.write() as db:
        changing.delete_collection(db, collection["id"])
    return {"artifactCollection": {"__typename": kind, "state": "DELETED"}}


def _tag_collection(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    collection = col.need_collection(context, arguments["input"])
    with context.db.write() as db:
        changing.change_tags(db, "collection", collection["id"], add=inputs.objects(arguments["input"], "tags"))
    return {"tags": tags_of(context, "collection", collection["id"])}


def _untag_collection(context: Context, _: Any, arguments: Arguments) -> dict[str, Any]:
    collection = col.need_collection(context, arguments["input"])
    with context.db.write() as db:
        changing.change_tags(db, "collection", collection["id"], remove=inputs.objects(arguments["input"], "tags"))
    return {"success": True}


ARTIFACT_MUTATIONS: Fields = {
    "createArtifact": _create,
    "createArtifactManifest": lambda c, _r, a: uploads.create_manifest(c, a["input"]),
    "updateArtifactManifest": lambda c, _r, a: uploads.update_manifest(c, a["input"]),
    "createArtifactFiles": lambda c, _r, a: uploads.create_files(c, a["input"]),
    "completeMultipartUploadArtifact": lambda c, _r, a: uploads.complete_multipart(c, a["input"]),
    "commitArtifact": _commit,
    "useArtifact": _use,
    "updateArtifact": _update,
    "deleteArtifact": _delete,
    "addAliases": _add_aliases,
    "deleteAliases": _delete_aliases,
    "linkArtifact": _link,
    "unlinkArtifact": _unlink,
    "updateArtifactSequence": _update_collection,
    "updateArtifactPortfolio": _update_collection,
    "moveArtifactSequence": _move_collection,
    "deleteArtifactSequence": _delete_collection,
    "deleteArtifactPortfolio": _delete_collection,
    "createArtifactCollectionTagAssignments": _tag_collection,
    "deleteArtifactCollectionTagAssignments": _untag_collection,
}
