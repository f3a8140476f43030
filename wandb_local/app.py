"""The web application: routes, access, the largest body of a request, and the form of errors."""

import contextlib
import dataclasses
import functools
import logging
import re
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from wandb_local import __version__, jsons
from wandb_local.auth import is_authorized
from wandb_local.clock import CLOCK
from wandb_local.context import Context, Services
from wandb_local.errors import ClientError, NotFoundError
from wandb_local.limits import MAX_BODY, TooLargeError, inflated
from wandb_local.maintenance import collect_garbage, summary
from wandb_local.names import checked_path
from wandb_local.origin import base_url, is_foreign
from wandb_local.protocol import filestream, storage
from wandb_local.protocol.graphql import schema
from wandb_local.records import files, writers
from wandb_local.records.projects import need_run
from wandb_local.store.folder import DataFolder
from wandb_local.store.room import is_full
from wandb_local.web.app import build_web
from wandb_local.web.urls import address

logger = logging.getLogger(__name__)
Handler = Callable[[Request, Context], Awaitable[Response]]


async def graphql(request: Request, context: Context) -> Response:
    """``POST /graphql``."""
    body = await _body(request)
    return _text(await context.run(lambda: schema.answer(context, _parsed(request, body))))


async def file_stream(request: Request, context: Context) -> Response:
    """``POST /files/{entity}/{project}/{run}/file_stream``."""
    body, path = await _body(request), request.path_params

    def receive() -> dict[str, Any]:
        message = _parsed(request, body)
        if not isinstance(message, dict):
            raise ClientError("give a JSON object")
        return filestream.receive(context, path["entity"], path["project"], path["run"], message)

    return _json(await context.run(receive))


async def run_file(request: Request, context: Context) -> Response:
    """``GET /files/{entity}/{project}/{run}/{name}``."""
    path = request.path_params

    def find() -> str:
        run = need_run(context, path["entity"], path["project"], path["run"])
        md5 = files.of_run(context.db, run["id"]).digest(checked_path(path["name"]))
        if md5 is None:
            raise NotFoundError(f"run {path['run']} has no file {path['name']!r}")
        return md5

    return storage.send_blob(context, await context.run(find), path["name"])


async def artifact_file(request: Request, context: Context) -> Response:
    """``GET /artifactsV2/…/{md5}/{name}``: a file that another artifact refers to."""
    return storage.send_blob(context, request.path_params["md5"], request.path_params["name"])


async def status(_request: Request, context: Context) -> Response:
    """``GET /status``: what is stored, and the fields that no resolver knew."""
    return _json({**await context.run(summary, context), "unknown": context.unknowns.listed()})


async def garbage(request: Request, context: Context) -> Response:
    """``POST /gc``: delete blobs that nothing refers to, or with ``dry_run`` only count them."""
    body = await context.run(_parsed, request, await _body(request))
    grace = body.get("grace") if isinstance(body, dict) else None
    if not isinstance(grace, int | float) or grace < 0:
        raise ClientError("grace: give a number of seconds of 0 or more")
    return _json(await context.run(collect_garbage, context, grace, dry_run=body.get("dry_run") is True))


async def workspace(request: Request, _context: Context) -> Response:
    """``GET /{entity}/{project}/workspace``: where the client says that a project's page is."""
    return RedirectResponse(address(request.path_params["entity"], request.path_params["project"]))


async def authorize(_request: Request, _context: Context) -> Response:
    """``GET /authorize``: the page to which ``wandb login`` sends users; it explains where the key is."""
    return RedirectResponse("/login")


async def telemetry(_request: Request, _context: Context) -> Response:
    """``POST /sdk/otel/…``: the client's own telemetry, which is discarded."""
    return Response(status_code=204)


async def health(url: str, request: Request, context: Context) -> Response:
    """``GET /healthz``: that the server is up, to anybody; with ``?challenge=WORD`` the proof that it is itself."""
    answer = {"server": "wandb_local", "version": __version__}
    word = request.query_params.get("challenge", "")
    if re.fullmatch("[0-9a-f]{32}", word):
        answer["proof"] = context.signer.sign({"proof": word, "url": url})
    return _json(answer)


def make_app(services: Services, folder: DataFolder, url: str) -> Starlette:
    """The application over a folder's opened stores, which clients on this machine find at ``url``."""
    api_key = folder.api_key

    def route(path: str, handler: Handler, method: str, public: bool = False) -> Route:
        async def endpoint(request: Request) -> Response:
            context = _context(services, request)
            try:
                refusal = None if public else _refusal(request, api_key)
                request.state.known = not (public or refusal)
                return refusal or await handler(request, context)
            except ClientDisconnect:
                return Response(status_code=400)
            except Exception as error:  # noqa: BLE001 - every failure gets the status that the client handles best
                return _answer_to(error)

        return Route(path, endpoint, methods=[method])

    app = Starlette(
        routes=[
            route("/graphql", graphql, "POST"),
            route("/files/{entity}/{project}/{run}/file_stream", file_stream, "POST"),
            route("/files/{entity}/{project}/{run}/{name:path}", run_file, "GET"),
            route("/artifactsV2/{region}/{entity}/{project}/{collection}/{id}/{md5}/{name:path}", artifact_file, "GET"),
            route("/storage/{token}", storage.put, "PUT", public=True),
            route("/storage/{token}", storage.get, "GET", public=True),
            route("/storage/{token}", storage.options, "OPTIONS", public=True),
            route("/sdk/otel/v1/{kind}", telemetry, "POST", public=True),
            route("/status", status, "GET"),
            route("/gc", garbage, "POST"),
            route("/healthz", functools.partial(health, url), "GET", public=True),
            route("/{entity}/{project}/workspace", workspace, "GET", public=True),
            route("/authorize", authorize, "GET", public=True),
            Mount("/", app=build_web(_context_of(services), folder)),
        ]
    )
    app.router.redirect_slashes = False
    app.add_middleware(_Awake, services=services)
    return app


class _Awake:
    """Looks at the clock before each request: the first one after a sleep must not find all runs crashed."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._db = services.db

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        CLOCK.follow(self._db)
        with contextlib.suppress(ClientDisconnect):  # in the middle of a body: nobody waits for an answer
            await self._app(scope, receive, send)


def _refusal(request: Request, api_key: str) -> Response | None:
    """Refuse requests of pages of other sites, because a browser that knows the key sends it with them."""
    if is_foreign(request):
        return _failure(403, "the request comes from a page of another site")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind != "application/json":  # which no form can send
        return _failure(415, "send JSON, with Content-Type: application/json")
    if not is_authorized(request.headers.get("authorization"), api_key):
        return _failure(
            401, "unknown API key; run `wandb login` with the key of this server", {"WWW-Authenticate": "Basic"}
        )
    return None


def _context(services: Services, request: Request) -> Context:
    client = request.headers.get("user-agent", "")[:200]
    return _context_of(services, base_url(request), client, writers.name_of(request.headers))


def _context_of(services: Services, url: str = "", client: str = "", writer: str = "") -> Context:
    stores = {field.name: getattr(services, field.name) for field in dataclasses.fields(services)}
    return Context(**stores, base_url=url, client=client, writer=writer)


async def _body(request: Request) -> bytes:
    """The bytes of the body of a request, without decompression."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise TooLargeError(f"the body is larger than {MAX_BODY} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _parsed(request: Request, body: bytes) -> Any:
    """The JSON of a message. It can take seconds: not for the event loop, which others wait for."""
    try:
        return jsons.loads_body(inflated(body) if request.headers.get("content-encoding") == "gzip" else body)
    except ClientError:
        raise
    except (ValueError, RecursionError):
        raise ClientError("the body is not JSON") from None


def _json(value: Any) -> Response:
    return _text(jsons.dumps(value))


def _text(answer: str) -> Response:
    return Response(answer, media_type="application/json")


def _failure(code: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"errors": [{"message": message}], "data": None}, status_code=code, headers=headers)


def _answer_to(error: Exception) -> Response:
    """After a 4xx the client gives up, and after a 5xx it tries again. So a temporary error must be a 5xx."""
    if isinstance(error, ClientError):
        return _failure(error.status, str(error))
    if is_full(error):
        logger.error("the disk is full: %s", error)
        return _failure(507, "the disk of the server is full", {"Retry-After": "5"})
    logger.error("%s: %s", type(error).__name__, error, exc_info=error)
    if isinstance(error, OSError | sqlite3.OperationalError):
        return _failure(503, f"the server cannot store this now: {error}", {"Retry-After": "2"})
    return _failure(500, f"internal error of the server: {type(error).__name__}", None)
