"""Checks of every request for a page: login and same origin; and headers that limit what a page may do."""

from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wandb_local.origin import path_of, same_origin
from wandb_local.web.session import Sessions

OPEN = ("/login", "/_login.css")  # what needs no cookie
SAFE = ("GET", "HEAD")
STRICT = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses requests without a session and those that another site's page has sent; adds the security headers."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", STRICT)
                headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        refusal = self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        if request.method not in SAFE and not same_origin(request):
            return PlainTextResponse("the request comes from a page of another site", status_code=403)
        request.state.known = self._sessions.known(request)
        if path_of(request) in OPEN or request.state.known:
            return None
        if request.method in SAFE and "text/html" in request.headers.get("accept", ""):
            query = request.scope["query_string"].decode("latin-1")
            asked = quote(path_of(request)) + (f"?{query}" if query else "")
            return RedirectResponse(f"/login?next={quote(asked, safe='')}", status_code=303)
        return PlainTextResponse("log in first, at /login", status_code=401)
