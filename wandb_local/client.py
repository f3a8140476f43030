"""Requests to the server that runs on a data folder. The key is sent only to that server."""

import base64
import http.client
import json
import secrets
import ssl
import urllib.request
from typing import Any

from wandb_local.auth import Signer
from wandb_local.store.folder import DataFolder


def running_server(folder: DataFolder) -> str | None:
    """The URL of the server that answers for this data folder, or None."""
    url = folder.address()
    return url if url is not None and is_server_of(folder, url) else None


def is_server_of(folder: DataFolder, url: str) -> bool:
    """Whether the folder's server answers at this URL: it signs a random word, and the URL, with the folder's secret.
    Something else that listens there can neither sign nor pass the word on to a server that has another URL."""
    word = secrets.token_hex(16)
    try:
        answer = _answer(urllib.request.Request(f"{url}/healthz?challenge={word}"))
        claim = Signer(folder.signing_secret).verify(str(answer.get("proof")))
    except (OSError, ValueError, AttributeError, http.client.HTTPException):  # not even our own kind of answer
        return False
    return claim is not None and (claim.get("proof"), claim.get("url")) == (word, url)


def ask(folder: DataFolder, url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer to a request with the folder's key, which the server at ``url`` has to have; POST if there is a body.

    Raises:
        urllib.error.URLError: no server, or it refused.
    """
    request = urllib.request.Request(url + path, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    key = base64.b64encode(f"api:{folder.api_key}".encode()).decode()
    request.add_header("Authorization", f"Basic {key}")
    return _answer(request)


def _answer(request: urllib.request.Request) -> dict[str, Any]:
    trusting = ssl.create_default_context()  # our own server on this machine, most likely with a certificate of its own
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    direct = urllib.request.ProxyHandler({})  # whatever the environment says: the server is on this machine
    opener = urllib.request.build_opener(direct, urllib.request.HTTPSHandler(context=trusting))
    with opener.open(request, timeout=60) as response:
        answer: dict[str, Any] = json.loads(response.read())
    return answer
