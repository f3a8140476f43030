"""The address that a request was sent to, and whether a page of that address sent it.

Only this module reads the Host header, which the sender controls. Starlette's ``request.url`` depends on it too, and
before 1.0.1 ``Host: x/login?`` changed even its path (CVE-2026-48710). So the path is taken from the scope.
"""

import re

from starlette.requests import Request

from wandb_local.address import joined

_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")


def path_of(request: Request) -> str:
    """The path that was asked for, decoded, without the query."""
    return str(request.scope["path"])


def base_url(request: Request) -> str:
    """Scheme, host and port that the client used; an invalid Host header counts as missing."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        host = joined(*request.scope["server"])
    return f"{request.scope['scheme']}://{host}"


def is_foreign(request: Request) -> bool:
    """Whether a browser reports that a page of another origin sent the request; other programs report nothing."""
    site = request.headers.get("sec-fetch-site", "none")
    return site not in ("none", "same-origin") or request.headers.get("origin") not in (None, base_url(request))


def same_origin(request: Request) -> bool:
    """Whether a page of this server sent the request; a browser reports it in ``Origin`` with every POST."""
    return request.headers.get("origin") == base_url(request)
