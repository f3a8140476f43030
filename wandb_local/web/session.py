"""Who is logged in: a signed cookie that is given for the API key."""

import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import Response

from wandb_local.auth import Signer
from wandb_local.origin import base_url


class Sessions:
    """Gives and checks the cookie. It ends with the browser, after the signer's lifetime, and when the key changes."""

    def __init__(self, signer: Signer, api_key: str) -> None:
        self._signer = signer
        self._key = api_key
        self._mark = hashlib.sha256(api_key.encode()).hexdigest()[:16]

    def opens(self, key: str) -> bool:
        """Whether this is the API key, compared in constant time."""
        return hmac.compare_digest(key.encode(), self._key.encode())

    def known(self, request: Request) -> bool:
        """Whether the request carries a valid cookie."""
        claim = self._signer.verify(request.cookies.get(_cookie_name(request), ""))
        return claim is not None and claim.get("session") == self._mark

    def begin(self, request: Request, response: Response) -> None:
        """Give the cookie with a response."""
        token = self._signer.sign({"session": self._mark})
        secure = request.scope["scheme"] == "https"
        response.set_cookie(_cookie_name(request), token, httponly=True, samesite="strict", secure=secure)

    def end(self, request: Request, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(_cookie_name(request), httponly=True, samesite="strict")


def _cookie_name(request: Request) -> str:
    """Cookies do not know ports: two servers on one machine must not overwrite each other's."""
    return f"wandb_local_{base_url(request).rpartition(':')[2]}"
