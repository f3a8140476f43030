"""Logged files for the pages: images, masks, HTML. Every name is looked up in the records, never on the disk."""

import mimetypes
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from wandb_local.context import Context
from wandb_local.errors import ClientError, NotFoundError
from wandb_local.names import checked_path
from wandb_local.records import files
from wandb_local.records.artifacts.collections import find_member
from wandb_local.records.projects import need_project, need_run
from wandb_local.web.cloud.answer import FORM, cloud_bytes
from wandb_local.web.cloud.read import ENDING

# A logged page runs its own scripts in an origin of its own, and reaches nothing.
_LOGGED_PAGE = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
    " img-src data: blob:; font-src data:; media-src data: blob:; frame-ancestors 'self'"
)
_INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


def run_file_url(entity: str, project: str, run: str, path: str) -> str:
    """The address of a run's file."""
    return "/_media/runs/" + "/".join(quote(part, safe="") for part in (entity, project, run)) + f"/{quote(path)}"


def artifact_file_url(entity: str, project: str, name: str, version: str, path: str) -> str:
    """The address of a file in an artifact; ``version`` is ``v3`` or an alias."""
    parts = (entity, project, name, version)
    return "/_media/artifacts/" + "/".join(quote(part, safe="") for part in parts) + f"/{quote(path)}"


async def run_file(context: Context, request: Request) -> Response:
    """``GET /_media/runs/{entity}/{project}/{run}/{path}``."""
    given = request.path_params

    def look_up() -> str:
        run = need_run(context, given["entity"], given["project"], given["run"])
        return _found(files.of_run(context.db, run["id"]), given["path"])

    return await _send(context, request, look_up)


async def artifact_file(context: Context, request: Request) -> Response:
    """``GET /_media/artifacts/{entity}/{project}/{name}/{version}/{path}``."""
    given = request.path_params

    def look_up() -> str:
        project = need_project(context, given["entity"], given["project"])
        place = find_member(context, project["id"], f"{given['name']}:{given['version']}")
        if place is None:
            raise NotFoundError(f"artifact {given['name']}:{given['version']} does not exist")
        return _found(files.of_version(context.db, place["artifact_id"]), given["path"])

    return await _send(context, request, look_up)


def _found(stored: files.StoredFiles, path: str) -> str:
    md5 = stored.digest(checked_path(path))
    if md5 is None:
        raise NotFoundError(f"there is no file {path!r}")
    return md5


async def _send(context: Context, request: Request, look_up: Callable[[], str]) -> Response:
    try:
        md5 = await context.run(look_up)
    except ClientError as error:
        return PlainTextResponse(str(error), status_code=error.status)
    path, name = context.blobs.path(md5), request.path_params["path"]
    if not path.is_file():
        return PlainTextResponse(f"{name}: the content of this file is not stored", status_code=404)
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    policy = _LOGGED_PAGE if media_type in ("text/html", "application/xhtml+xml") else _INERT
    drawn = "cloud" in request.query_params and name.endswith(ENDING)  # as the page that draws it takes it
    etag = f'"{md5}-cloud-{FORM}"' if drawn else f'"{md5}"'
    headers = {"ETag": etag, "Content-Security-Policy": policy, "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):  # a browser takes over the headers of this answer too
        return Response(status_code=304, headers=headers)
    if drawn:
        return Response(await cloud_bytes(context, path), headers=headers, media_type="application/octet-stream")
    if "download" in request.query_params:
        return FileResponse(path, media_type=media_type, headers=headers, filename=name.rpartition("/")[2])
    return FileResponse(path, media_type=media_type, headers=headers)
