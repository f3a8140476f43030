"""Making a version complete: with all its files, or not at all."""

import json

from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import ClientError, NotFoundError
from wandb_local.records.artifacts import collections as col
from wandb_local.records.artifacts.manifest import Manifest
from wandb_local.records.artifacts.merge import find_equal, is_whole, manifest_md5, merge
from wandb_local.records.artifacts.versions import need_artifact
from wandb_local.store.database import Row


def commit(context: Context, artifact_id: object) -> int:
    """Make a version complete: every file of its manifest must be stored. Doing it twice is harmless.

    Returns the version's record number, or that of an earlier version with the same digest.

    Raises:
        NotFoundError: there is no version of that opaque id.
        ClientError: the manifest or a file is missing.
    """
    with context.db.write() as connection:
        artifact = need_artifact(context, artifact_id)
        if artifact["state"] == "COMMITTED":
            return int(artifact["id"])
        manifest = _whole_manifest(context, artifact)
        missing = [path for path, entry in manifest.entries.items() if entry.md5 and not context.blobs.touch(entry.md5)]
        if missing:
            raise ClientError(f"{len(missing)} files of the artifact are not stored, such as {missing[0]!r}")
        digest = manifest.digest or artifact["digest"]
        known = find_equal(context, artifact, digest)
        if known is not None:
            if not is_whole(context, known):  # its files are here again by now: what is damaged is its manifest
                connection.execute(
                    "UPDATE manifests SET artifact_id = ? WHERE artifact_id = ?", (known["id"], artifact["id"])
                )
            return merge(connection, artifact, known)
        connection.executemany(
            "INSERT INTO artifact_files (artifact_id, path, md5, ref, size) VALUES (?, ?, ?, ?, ?)",
            [(artifact["id"], path, entry.md5, entry.ref, entry.size) for path, entry in manifest.entries.items()],
        )
        place = col.add_member(connection, artifact["collection_id"], artifact["id"])
        col.set_aliases(connection, artifact["collection_id"], place["id"], json.loads(artifact["pending_aliases"]))
        size = sum(entry.size for entry in manifest.entries.values())
        connection.execute(
            "UPDATE artifacts SET state = 'COMMITTED', version = ?, digest = ?, size = ?, file_count = ?,"
            " updated_at = ? WHERE id = ?",
            (place["version"], digest, size, len(manifest.entries), now(), artifact["id"]),
        )
        return int(artifact["id"])


def _whole_manifest(context: Context, artifact: Row) -> Manifest:
    """The version's manifest. A manifest that only adds to an earlier version is completed and stored."""
    rows = context.db.rows(
        "SELECT * FROM manifests WHERE artifact_id = ? AND md5 IS NOT NULL ORDER BY id", (artifact["id"],)
    )
    if not rows:
        raise ClientError("the artifact's manifest is not stored")
    own = [Manifest.read(context.blobs.path(row["md5"])) for row in rows]
    if rows[-1]["type"] == "FULL":
        return own[-1]
    manifests = own if rows[-1]["type"] == "PATCH" else own[-1:]
    if rows[-1]["base_id"] is not None:
        manifests = [read_manifest(context, rows[-1]["base_id"]), *manifests]
    whole = Manifest.merged(manifests)
    with context.db.write() as connection:
        values = (
            artifact["id"],
            "wandb_manifest.json",
            "FULL",
            whole.digest,
            context.blobs.keep_bytes(whole.to_bytes()),
        )
        connection.execute(
            "INSERT INTO manifests (artifact_id, name, type, digest, md5) VALUES (?, ?, ?, ?, ?)", values
        )
    return whole


def read_manifest(context: Context, artifact_id: int) -> Manifest:
    """The manifest of a committed version.

    Raises:
        NotFoundError: there is none.
    """
    md5 = manifest_md5(context, artifact_id)
    if md5 is None:
        raise NotFoundError("the artifact version has no manifest")
    return Manifest.read(context.blobs.path(md5))
