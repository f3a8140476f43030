"""Where the client should put the files of a version that it is logging."""

import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

from wandb_local import inputs
from wandb_local.clock import now
from wandb_local.context import Context
from wandb_local.errors import ClientError, NotFoundError
from wandb_local.limits import MAX_PART
from wandb_local.names import from_id, to_id
from wandb_local.records.artifacts.manifest import md5_from_base64, md5_to_base64
from wandb_local.records.artifacts.versions import need_artifact
from wandb_local.store.database import Row

_PATH = "md5/"


def create_manifest(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """Announce a manifest; answers where to put it.

    Raises:
        NotFoundError: the version, or the one it builds upon, does not exist.
        ClientError: the version is complete.
    """
    artifact = _pending(context, given.get("artifactID"))
    base = need_artifact(context, given["baseArtifactID"])["id"] if given.get("baseArtifactID") else None
    values = (
        artifact["id"],
        str(given.get("name")),
        str(given.get("type") or "FULL"),
        base,
        str(given.get("digest") or ""),
    )
    with context.db.write() as connection:
        sql = "INSERT INTO manifests (artifact_id, name, type, base_id, digest) VALUES (?, ?, ?, ?, ?)"
        manifest_id = int(connection.execute(sql, values).lastrowid or 0)
    return _manifest(context, manifest_id, values[4])


def update_manifest(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """Announce the digest of a manifest that was announced without one.

    Raises:
        NotFoundError: there is no such manifest.
        ClientError: its version is complete.
    """
    manifest_id = from_id("ArtifactManifest", given.get("artifactManifestID"))
    version = context.db.value("SELECT artifact_id FROM manifests WHERE id = ?", (manifest_id,))
    if version is None:
        raise NotFoundError("the manifest does not exist")
    _pending(context, to_id("Artifact", version))
    base = need_artifact(context, given["baseArtifactID"])["id"] if given.get("baseArtifactID") else None
    digest = str(given.get("digest") or "")
    with context.db.write() as connection:
        sql = "UPDATE manifests SET digest = ?, base_id = coalesce(?, base_id) WHERE id = ?"
        connection.execute(sql, (digest, base, manifest_id))
    return _manifest(context, manifest_id, digest)


def _pending(context: Context, artifact_id: object) -> Row:
    artifact = need_artifact(context, artifact_id)
    if artifact["state"] == "COMMITTED":
        raise ClientError("the version is complete: its manifest cannot change; log another version")
    return artifact


def _manifest(context: Context, manifest_id: int, digest: str) -> dict[str, Any]:
    claim: dict[str, object] = {"put": "manifest", "manifest": manifest_id}
    headers = []
    if digest:
        claim["md5"] = md5_from_base64(digest)
        headers.append(f"Content-MD5:{digest}")
    opaque = to_id("ArtifactManifest", manifest_id)
    file = {"__typename": "File", "id": opaque, "uploadUrl": context.upload_url(claim), "uploadHeaders": headers}
    return {"artifactManifest": {"__typename": "ArtifactManifest", "id": opaque, "file": file}}


def keep_manifest(connection: sqlite3.Connection, manifest_id: int, md5: str) -> None:
    """Assign the stored bytes to a manifest. The upload URL is valid after the commit: the same bytes may come again.

    Raises:
        ClientError: the version is complete, and the bytes are different.
    """
    sql = "SELECT md5, state FROM manifests JOIN artifacts ON artifacts.id = artifact_id WHERE manifests.id = ?"
    known = connection.execute(sql, (manifest_id,)).fetchone()
    if known is not None and known["state"] == "COMMITTED" and known["md5"] != md5:
        raise ClientError("the version is complete: its manifest cannot change; log another version")
    connection.execute("UPDATE manifests SET md5 = ? WHERE id = ?", (md5, manifest_id))


def create_files(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """Announce files; for each, in the same order, where to put it, or no URL if its bytes are stored already.

    Raises:
        ClientError: a file without an MD5.
        NotFoundError: the version does not exist.
    """
    specs = inputs.objects(given, "artifactFiles")
    with context.db.write() as connection:
        known = {str(spec.get("artifactID")): need_artifact(context, spec.get("artifactID")) for spec in specs}
        for artifact in known.values():
            connection.execute("UPDATE artifacts SET updated_at = ? WHERE id = ?", (now(), artifact["id"]))
        return {"files": {"edges": [{"node": _file(context, spec)} for spec in specs]}}


def _file(context: Context, spec: Mapping[str, Any]) -> dict[str, Any]:
    md5 = md5_from_base64(spec.get("md5"))
    stored = context.blobs.touch(md5)
    parts = inputs.objects(spec, "uploadPartsInput")
    node: dict[str, Any] = {
        "__typename": "File",
        "id": to_id("ArtifactBlob", int(md5[:12], 16)),
        "name": spec.get("name"),
        "displayName": spec.get("name"),
        "storagePath": _PATH + md5,
        "uploadUrl": None,
        "uploadHeaders": [f"Content-MD5:{md5_to_base64(md5)}"],
        "uploadMultipartUrls": None,
        "artifact": {"__typename": "Artifact", "id": spec.get("artifactID")},
    }
    if not stored and parts:
        node["uploadMultipartUrls"] = _part_urls(context, parts)
    if not stored:
        node["uploadUrl"] = context.upload_url({"put": "blob", "md5": md5})
    return node


def _part_urls(context: Context, parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    upload_id = secrets.token_hex(16)
    urls = []
    for part in parts:
        number, md5 = inputs.integer(part, "partNumber", 0), str(part.get("hexMD5"))
        if not 0 < number <= MAX_PART:
            raise ClientError(f"uploadPartsInput: partNumber {number!r} is not between 1 and {MAX_PART}")
        claim: dict[str, object] = {"put": "part", "upload": upload_id, "number": number, "md5": md5}
        urls.append({"partNumber": number, "uploadUrl": context.upload_url(claim)})
    return {"uploadID": upload_id, "uploadUrlParts": urls}


def complete_multipart(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """Join the parts of a big file and check the result. Doing it twice is harmless.

    Raises:
        ClientError: parts are missing.
        DigestMismatchError: the joined file does not have the announced digest.
        BlockingIOError: the parts are already being joined.
    """
    path, upload_id = str(given.get("storagePath")), str(given.get("uploadID"))
    md5 = path.removeprefix(_PATH)
    folder = context.blobs.part_folder(upload_id)
    if given.get("completeMultipartAction") == "Abort":
        context.blobs.drop_parts(upload_id)
        return {"digest": None}
    with context.blobs.joining(upload_id):
        if not (context.blobs.touch(md5) and not folder.exists()):
            numbers = [inputs.integer(part, "partNumber", 0) for part in inputs.objects(given, "completedParts")]
            parts = [folder / f"{number:06d}" for number in numbers]
            missing = [part.name for part in parts if not part.is_file()]
            if missing or not parts:
                raise ClientError(f"parts {missing} of the upload have not arrived")
            context.blobs.keep(context.blobs.join(sorted(parts), md5))
            context.blobs.drop_parts(upload_id)
    return {"digest": md5_to_base64(md5)}
