"""Fields of artifact versions, collections, memberships and files."""

import mimetypes
from typing import Any

from wandb_local import inputs
from wandb_local.artifacts import collections as col
from wandb_local.artifacts.commit import manifest_md5
from wandb_local.artifacts.manifest import md5_to_base64
from wandb_local.context import Context
from wandb_local.database import Row
from wandb_local.errors import NotFoundError
from wandb_local.graphql.common import column, connection, constant, identity, iso, moment, page_bounds, pages
from wandb_local.graphql.executor import Arguments, Fields, Node
from wandb_local.graphql.filters import order_by, where
from wandb_local.graphql.searchable import ARTIFACTS, COLLECTIONS
from wandb_local.names import from_id, to_id


def artifact_node(context: Context, artifact_id: int | None) -> Node | None:
    """The node of a version, or None."""
    row = context.db.row("SELECT * FROM artifacts WHERE id = ?", (artifact_id,))
    return None if row is None else Node("Artifact", row)


def collection_node(context: Context, collection_id: int) -> Node | None:
    """The node of a collection, or None."""
    row = context.db.row("SELECT * FROM collections WHERE id = ?", (collection_id,))
    return None if row is None else Node(collection_kind(row), row)


def collection_kind(row: Row) -> str:
    """Versions are logged to a sequence and linked to a portfolio."""
    return "ArtifactPortfolio" if row["portfolio"] else "ArtifactSequence"


def membership_node(row: Row | None) -> Node | None:
    """The node of a version's place in a collection, or None."""
    return None if row is None else Node("ArtifactCollectionMembership", row)


def _type_of(context: Context, collection_id: int) -> Node:
    sql = "SELECT * FROM artifact_types WHERE id = (SELECT type_id FROM collections WHERE id = ?)"
    return Node("ArtifactType", context.db.row(sql, (collection_id,)))


def tags_of(context: Context, what: str, record_id: int) -> list[dict[str, Any]]:
    """The tags of an ``artifact`` or a ``collection``."""
    rows = context.db.rows(f"SELECT id, name FROM {what}_tags WHERE {what}_id = ? ORDER BY id", (record_id,))
    return [{"__typename": "Tag", "id": to_id("Tag", row["id"]), "name": row["name"]} for row in rows]


def _collection_tags(context: Context, row: Row, _: Arguments) -> dict[str, Any]:
    return {"edges": [{"node": tag} for tag in tags_of(context, "collection", row["id"])]}


def _aliases(context: Context, condition: str, record_id: int) -> list[Node]:
    sql = f"SELECT aliases.* FROM aliases JOIN memberships ON memberships.id = membership_id WHERE {condition} = ?"
    return [Node("ArtifactAlias", row) for row in context.db.rows(f"{sql} ORDER BY aliases.id", (record_id,))]


def _latest(context: Context, row: Row, _: Arguments) -> Node | None:
    sql = "SELECT artifact_id FROM memberships WHERE collection_id = ? ORDER BY version DESC LIMIT 1"
    return artifact_node(context, context.db.value(sql, (row["id"],)))


def _manifest(context: Context, row: Row, _: Arguments) -> dict[str, Any] | None:
    md5 = manifest_md5(context, row["id"])
    if md5 is None:
        return None
    url = context.download_url(md5, "wandb_manifest.json")
    return {"__typename": "ArtifactManifest", "file": {"__typename": "File", "directUrl": url}}


def _used_by(context: Context, row: Row, _: Arguments) -> dict[str, Any]:
    sql = "SELECT runs.* FROM run_artifacts JOIN runs ON runs.id = run_id WHERE artifact_id = ? AND direction = 'input'"
    return {"edges": [{"node": Node("Run", run)} for run in context.db.rows(f"{sql} ORDER BY runs.id", (row["id"],))]}


def _created_by(context: Context, row: Row, _: Arguments) -> Node | None:
    run = context.db.row("SELECT * FROM runs WHERE id = ?", (row["run_id"],))
    return None if run is None else Node("Run", run)


def _memberships(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    sql = "SELECT * FROM memberships WHERE artifact_id = ? ORDER BY id"
    return pages(context, "ArtifactCollectionMembership", sql, (row["id"],), arguments)


def _files(context: Context, artifact_id: int, arguments: Arguments) -> dict[str, Any]:
    """The files of a version, references among them: their URL is the address that they refer to."""
    condition: str = "artifact_id = ?"
    parameters: list[Any] = [artifact_id]
    if names := inputs.strings(arguments, "names"):
        condition += f" AND path IN ({', '.join('?' * len(names))})"
        parameters += names
    return pages(
        context, "File", f"SELECT * FROM artifact_files WHERE {condition} ORDER BY path", parameters, arguments
    )


def _by_entries(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    names = [str(entry.get("name", entry.get("path", ""))) for entry in inputs.objects(arguments, "entries")]
    return _files(context, row["id"], {"names": names or [""], "first": len(names)})


def _file_url(context: Context, row: Row, _: Arguments) -> str:
    return str(row["ref"]) if row["md5"] is None else context.download_url(row["md5"], row["path"])


def _digest(_: Context, row: Row, __: Arguments) -> str | None:
    return None if row["md5"] is None else md5_to_base64(row["md5"])


def _versions(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    condition, parameters = where(ARTIFACTS, inputs.text(arguments, "filters"))
    order, order_parameters = order_by(ARTIFACTS, inputs.text(arguments, "order"), "-versionIndex")
    source = "FROM memberships JOIN artifacts ON artifacts.id = artifact_id"
    source += f" WHERE memberships.collection_id = ? AND ({condition})"
    offset, size = page_bounds(arguments)
    rows = context.db.rows(
        f"SELECT artifacts.*, memberships.version AS place {source} ORDER BY {order} LIMIT ? OFFSET ?",
        [row["id"], *parameters, *order_parameters, size + 1, offset],
    )
    total = context.db.value(f"SELECT count(*) {source}", [row["id"], *parameters])
    edges = [{"version": f"v{found['place']}", "node": Node("Artifact", found)} for found in rows]
    return connection(edges, arguments, total)


def _place(context: Context, row: Row, arguments: Arguments) -> Node | None:
    return membership_node(col.find_membership(context, row["id"], str(arguments.get("aliasName"))))


def _collections(context: Context, condition: str, record_id: int, arguments: Arguments) -> dict[str, Any]:
    test, parameters = where(COLLECTIONS, inputs.text(arguments, "filters"))
    order, order_parameters = order_by(COLLECTIONS, inputs.text(arguments, "order"), "+name")
    sql = f"SELECT * FROM collections WHERE {condition} = ? AND ({test}) ORDER BY {order}"
    return pages(context, collection_kind, sql, [record_id, *parameters, *order_parameters], arguments)


def _collection_project(context: Context, row: Row, _: Arguments) -> Node:
    return Node("Project", context.db.row("SELECT * FROM projects WHERE id = ?", (row["project_id"],)))


def _run_artifacts(direction: str) -> Any:
    def resolve(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
        sql = (
            "SELECT artifacts.* FROM run_artifacts JOIN artifacts ON artifacts.id = artifact_id"
            f" WHERE run_artifacts.run_id = ? AND direction = '{direction}' AND state = 'COMMITTED'"
            " ORDER BY artifacts.id"
        )
        return pages(context, "Artifact", sql, (row["id"],), arguments)

    return resolve


def _artifact_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    place = col.find_member(context, row["id"], arguments.get("name"))
    return None if place is None else artifact_node(context, place["artifact_id"])


def _collection_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    found = col.find_collection(context, row["id"], arguments.get("name"))
    return None if found is None else Node(collection_kind(found), found)


def _type_by_name(context: Context, row: Row, arguments: Arguments) -> Node | None:
    sql = "SELECT * FROM artifact_types WHERE project_id = ? AND name = ?"
    found = context.db.row(sql, (row["id"], str(arguments.get("name"))))
    return None if found is None else Node("ArtifactType", found)


def _types(context: Context, row: Row, arguments: Arguments) -> dict[str, Any]:
    sql = "SELECT * FROM artifact_types WHERE project_id = ? ORDER BY name"
    return pages(context, "ArtifactType", sql, (row["id"],), arguments)


def _typed_collection(context: Context, row: Row, arguments: Arguments) -> Node | None:
    found = col.find_collection(context, row["project_id"], arguments.get("name"))
    return Node(collection_kind(found), found) if found is not None and found["type_id"] == row["id"] else None


def _client_id(context: Context, _: Any, arguments: Arguments) -> dict[str, Any] | None:
    sql = "SELECT id FROM artifacts WHERE client_id = ? ORDER BY state, id DESC LIMIT 1"
    found = context.db.value(sql, (str(arguments.get("clientID")),))
    return None if found is None else {"serverID": to_id("Artifact", found)}


def _artifact_by_id(context: Context, _: Any, arguments: Arguments) -> Node | None:
    try:
        return artifact_node(context, from_id("Artifact", arguments.get("id")))
    except NotFoundError:
        return None


ARTIFACT: Fields = {
    "id": identity("Artifact"),
    "artifactSequence": lambda c, row, _a: collection_node(c, row["collection_id"]),
    "artifactType": lambda c, row, _a: _type_of(c, row["collection_id"]),
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
    "ttlIsInherited": lambda _c, row, _a: row["ttl"] < 0,
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "tags": lambda c, row, _a: tags_of(c, "artifact", row["id"]),
    "aliases": lambda c, row, _a: _aliases(c, "memberships.artifact_id", row["id"]),
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
    "updatedAt": lambda c, row, _a: iso(
        c.db.value("SELECT updated_at FROM artifacts WHERE id = ?", (row["artifact_id"],))
    ),
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
    "aliases": lambda c, row, _a: _aliases(c, "memberships.id", row["id"]),
    "artifactCollection": lambda c, row, _a: collection_node(c, row["collection_id"]),
    "artifact": lambda c, row, _a: artifact_node(c, row["artifact_id"]),
    "files": lambda c, row, arguments: _files(c, row["artifact_id"], arguments),
}

COLLECTION: Fields = {
    "id": identity("ArtifactCollection"),
    "name": column("name"),
    "description": column("description"),
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "state": constant("READY"),
    "project": _collection_project,
    "defaultArtifactType": lambda c, row, _a: _type_of(c, row["id"]),
    "tags": _collection_tags,
    "latestArtifact": _latest,
    "digestAlgorithm": constant("MANIFEST_MD5"),
    "aliases": lambda c, row, arguments: pages(
        c, "ArtifactAlias", "SELECT * FROM aliases WHERE collection_id = ? ORDER BY id", (row["id"],), arguments
    ),
    "artifacts": _versions,
    "artifactMembership": _place,
}

ARTIFACT_TYPE: Fields = {
    "id": identity("ArtifactType"),
    "name": column("name"),
    "description": column("description"),
    "createdAt": moment("created_at"),
    "artifactCollection": _typed_collection,
    "artifactCollections": lambda c, row, arguments: _collections(c, "type_id", row["id"], arguments),
}

PROJECT_ARTIFACTS: Fields = {
    "artifact": _artifact_by_name,
    "artifactCollection": _collection_by_name,
    "artifactCollections": lambda c, row, arguments: _collections(c, "project_id", row["id"], arguments),
    "artifactCollectionMembership": lambda c, row, a: membership_node(col.find_member(c, row["id"], a.get("name"))),
    "artifactType": _type_by_name,
    "artifactTypes": _types,
}

RUN_ARTIFACTS: Fields = {"inputArtifacts": _run_artifacts("input"), "outputArtifacts": _run_artifacts("output")}

ARTIFACT_QUERIES: Fields = {
    "artifact": _artifact_by_id,
    "artifactCollection": lambda c, _r, a: collection_node(c, from_id("ArtifactCollection", a.get("id"))),
    "clientIDMapping": _client_id,
}
