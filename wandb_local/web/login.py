"""The login page: the API key, for a cookie."""

import html
from pathlib import Path
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response

from wandb_local.web.session import Sessions

_LONGEST = 4096  # bytes of the form
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · wandb_local</title><link rel="stylesheet" href="/_login.css"></head>
<body class="login"><main class="login-card">
<h1>wandb_local</h1>
<p>Log in with this server's API key, which <code>python -m wandb_local serve</code> prints
as <code>WANDB_API_KEY</code>.</p>
{problem}
<form method="post" action="/login">
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<input name="next" type="hidden" value="{target}">
<button type="submit">Log in</button>
</form>
</main></body></html>
"""


async def show(sessions: Sessions, request: Request) -> Response:
    """``GET /login``."""
    target = local_path(request.query_params.get("next", "/"))
    return RedirectResponse(target, status_code=303) if sessions.known(request) else _page(target)


async def enter(sessions: Sessions, request: Request) -> Response:
    """``POST /login``: the cookie, and back to the page that was asked for."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            return PlainTextResponse("the form is too long", status_code=413)
    form = parse_qs(body.decode(errors="replace"))
    target = local_path(form.get("next", ["/"])[0])
    if not sessions.opens(form.get("key", [""])[0].strip()):
        return _page(target, "This is not the API key of this server.", 401)
    response = RedirectResponse(target, status_code=303)
    sessions.begin(request, response)
    return response


async def leave(sessions: Sessions, request: Request) -> Response:
    """``POST /logout``."""
    response = RedirectResponse("/login", status_code=303)
    sessions.end(request, response)
    return response


async def style(_request: Request) -> Response:
    """``GET /_login.css``: the look, which is the one thing that a visitor without a cookie may read."""
    return FileResponse(Path(__file__).parent / "assets" / "style.css", media_type="text/css")


def local_path(target: str) -> str:
    """``target`` if it is a path on this server, else ``/``: a link to the login page cannot lead elsewhere."""
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if plain and target.isprintable() else "/"


def _page(target: str, problem: str = "", code: int = 200) -> Response:
    note = f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else ""
    return HTMLResponse(_PAGE.format(problem=note, target=html.escape(target)), status_code=code)
