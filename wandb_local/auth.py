"""Access: HTTP Basic with the API key, and signed URLs that expire."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any


def is_authorized(header: str | None, api_key: str) -> bool:
    """Whether an ``Authorization`` header carries the key (Basic, any user name), compared in constant time."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        _, _, password = base64.b64decode(encoded, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(password, api_key.encode())


class Signer:
    """Makes and checks tokens that allow one thing (upload this file, download that one) for a while."""

    def __init__(self, secret: bytes, lifetime: float = 12 * 3600) -> None:
        self._secret = secret
        self._lifetime = lifetime

    def sign(self, claim: dict[str, Any]) -> str:
        """A URL-safe token for ``claim``, which must be JSON."""
        body = json.dumps({**claim, "expires": int(time.time() + self._lifetime)}, separators=(",", ":")).encode()
        return f"{_encode(body)}.{_encode(self._mac(body))}"

    def verify(self, token: str) -> dict[str, Any] | None:
        """The claim of a token, or None when it was not signed here or has expired."""
        encoded, _, signature = token.partition(".")
        try:
            body, mac = _decode(encoded), _decode(signature)
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(mac, self._mac(body)):
            return None
        claim: dict[str, Any] = json.loads(body)
        return claim if claim["expires"] >= time.time() else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._secret, body, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
