"""``/storage/{token}``: upload and download of files, each by a signed URL that allows one request and expires."""

import base64
import binascii
import mimetypes
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from wandb_local.context import Context
from wandb_local.errors import ClientError, NotFoundError
from wandb_local.records.artifacts.uploads import keep_manifest
from wandb_local.records.files import keep_run_file
from wandb_local.store.blobs import DigestMismatchError, Received

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, PUT, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": "ETag",
}
# What a user has logged (an HTML page, say) must not run with this server's origin.
_INERT = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}


class ForbiddenError(ClientError):
    """The URL was not signed by this server, has expired, or allows something else."""

    status = 403


async def put(request: Request, context: Context) -> Response:
    """Receive a run file, an artifact's file or manifest, or a part of a big file; answers an ETag (the MD5).

    Raises:
        ForbiddenError: the URL does not allow it.
        DigestMismatchError: the bytes are not the promised ones.
    """
    claim = _claim(request, context, "put")
    expected = _expected_md5(request, claim)
    received = await context.blobs.receive(request.stream(), expected)
    try:
        await context.run(_keep, context, claim, received)
    finally:
        received.path.unlink(missing_ok=True)
    return Response(status_code=200, headers={"ETag": f'"{received.md5}"', **_CORS})


async def get(request: Request, context: Context) -> Response:
    """Send a blob, or the range of it that is asked for.

    Raises:
        ForbiddenError: the URL does not allow it.
        NotFoundError: the blob is gone.
    """
    claim = _claim(request, context, "get")
    return send_blob(context, claim["get"], claim["name"])


def send_blob(context: Context, md5: str, name: str) -> Response:
    """A response with the bytes of a blob; serves ranges and conditional requests.

    Raises:
        NotFoundError: the blob is not stored.
    """
    path = context.blobs.path(md5)
    if not path.is_file():
        raise NotFoundError(f"{name}: the content of this file is not stored")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=media_type, headers={"ETag": f'"{md5}"', **_CORS, **_INERT})


async def options(_request: Request, _context: Context) -> Response:
    """The preflight request of a browser before it uses a signed URL."""
    return Response(status_code=204, headers=_CORS)


def _claim(request: Request, context: Context, verb: str) -> dict[str, Any]:
    claim = context.signer.verify(request.path_params["token"])
    if claim is None or verb not in claim:
        raise ForbiddenError("the URL has expired or does not allow this request; request a new URL")
    request.state.known = True
    return claim


def _expected_md5(request: Request, claim: dict[str, Any]) -> str | None:
    promised: str | None = claim.get("md5")
    header = request.headers.get("content-md5")
    if header is None:
        return promised
    try:
        given = base64.b64decode(header, validate=True).hex()
    except (binascii.Error, ValueError):
        raise DigestMismatchError(f"Content-MD5 {header!r} is not base64") from None
    if promised is not None and given != promised:
        raise DigestMismatchError(f"Content-MD5 is {given}, but {promised} was announced")
    return given


def _keep(context: Context, claim: dict[str, Any], received: Received) -> None:
    if claim["put"] == "part":
        context.blobs.keep_part(claim["upload"], claim["number"], received)
        return
    with context.db.write() as connection:
        md5 = context.blobs.keep(received)
        if claim["put"] == "run_file":
            keep_run_file(connection, claim["run"], claim["name"], md5)
        elif claim["put"] == "manifest":
            keep_manifest(connection, claim["manifest"], md5)
