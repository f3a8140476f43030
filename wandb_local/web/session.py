"""Who is logged in: a cookie that is given for the API key, and the list of those that are good here."""

import hashlib
import hmac
import json
import secrets
import time

from starlette.requests import Request
from starlette.responses import Response

from wandb_local.store.folder import DataFolder, write_private

_LIFETIME = 12 * 3600  # seconds


class Sessions:
    """Gives and checks cookies. One is good at this server alone, and ends with the browser, after twelve hours, when
    its visitor logs out, and when the key changes. The list outlives a restart; it has digests, which open nothing.

    Cookies do not know ports: a browser sends one to whatever it visits on the same host, so its name is this server's.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._key = folder.api_key
        self._path = folder.root / "sessions.json"
        self._mark = _digest(self._key)
        self.cookie = f"wandb_local_{hashlib.sha256(folder.signing_secret).hexdigest()[:8]}"
        self._ends = self._read()

    def opens(self, key: str) -> bool:
        """Whether this is the API key, compared in constant time."""
        return hmac.compare_digest(key.encode(), self._key.encode())

    def known(self, request: Request) -> bool:
        """Whether the request carries the cookie of a session that has not ended."""
        return self._ends.get(self._carried(request), 0) > time.time()

    def begin(self, request: Request, response: Response) -> None:
        """Give a cookie with a response."""
        token, now = secrets.token_urlsafe(32), time.time()
        self._ends = {name: end for name, end in self._ends.items() if end > now} | {_digest(token): now + _LIFETIME}
        self._write()
        secure = request.scope["scheme"] == "https"
        response.set_cookie(self.cookie, token, httponly=True, samesite="strict", secure=secure)

    def end(self, request: Request, response: Response) -> None:
        """End the session, and take the cookie back."""
        if self._ends.pop(self._carried(request), None) is not None:
            self._write()
        response.delete_cookie(self.cookie, httponly=True, samesite="strict")

    def _carried(self, request: Request) -> str:
        return _digest(request.cookies.get(self.cookie, ""))

    def _read(self) -> dict[str, float]:
        try:
            stored = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return dict(stored["ends"]) if stored["key"] == self._mark else {}

    def _write(self) -> None:
        write_private(self._path, json.dumps({"key": self._mark, "ends": self._ends}))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
