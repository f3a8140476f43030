"""The pages as one ASGI application, which the server mounts behind its API."""

import asyncio
import functools

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from wandb_local.context import Context
from wandb_local.store.folder import DataFolder
from wandb_local.web import login, media
from wandb_local.web.guard import Guard
from wandb_local.web.session import Sessions


def build_web(context: Context, folder: DataFolder) -> ASGIApp:
    """The pages over the stores in ``context``; a visitor needs the cookie that the login page gives for the key."""
    sessions = Sessions(folder)
    routes = [
        Route("/login", functools.partial(login.show, sessions), methods=["GET"]),
        Route("/login", functools.partial(login.enter, sessions), methods=["POST"]),
        Route("/logout", functools.partial(login.leave, sessions), methods=["POST"]),
        Route("/_alive", alive, methods=["GET"]),
        Route("/_login.css", login.style, methods=["GET"]),
        Route("/_media/runs/{entity}/{project}/{run}/{path:path}", functools.partial(media.run_file, context)),
        Route(
            "/_media/artifacts/{entity}/{project}/{name}/{version}/{path:path}",
            functools.partial(media.artifact_file, context),
        ),
        Mount("/", app=Later(context)),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return Guard(app, sessions)


async def alive(_request: Request) -> Response:
    """``GET /_alive``: reports that the server answers and that the visitor is logged in."""
    return Response(status_code=204)


class Later:
    """The Dash application, imported and built when the first page is asked for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = asyncio.Lock()
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        async with self._lock:
            if self._app is None:
                self._app = await self._context.run(_build, self._context)
        await self._app(scope, receive, send)


def _build(context: Context) -> ASGIApp:
    from wandb_local.web.dashboard import build_dashboard

    return build_dashboard(context)
