"""Asking the server that runs on a data folder."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from wandb_local.folder import DataFolder


def running_server(folder: DataFolder) -> str | None:
    """The URL of the server that answers for this data folder, or None."""
    url = folder.address()
    if url is None:
        return None
    try:
        ask(folder, url, "/status")
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return url


def ask(folder: DataFolder, url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer to a request with the folder's key; POST if there is a body.

    Raises:
        urllib.error.URLError: no server, or it refused.
    """
    request = urllib.request.Request(url + path, data=None if body is None else json.dumps(body).encode())
    key = base64.b64encode(f"api:{folder.api_key}".encode()).decode()
    request.add_header("Authorization", f"Basic {key}")
    trusting = ssl.create_default_context()  # our own server on this machine, most likely with a certificate of its own
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    direct = urllib.request.ProxyHandler({})  # whatever the environment says: the server is on this machine
    opener = urllib.request.build_opener(direct, urllib.request.HTTPSHandler(context=trusting))
    with opener.open(request, timeout=60) as response:
        answer: dict[str, Any] = json.loads(response.read())
    return answer
