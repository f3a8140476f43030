"""Requests to the pages as they are: no cookie, no redirect followed."""

import http.client
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    text: str

    def getheader(self, name: str) -> str | None:
        return self.headers.get(name)


def ask(server, method, path, body=None, **headers):
    """The answer to a request as it is: no cookie, no redirect followed."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
    connection.close()
    return found


def log_in(server, key, target="/", origin=None):
    form = urlencode({"key": key, "next": target})
    return ask(server, "POST", "/login", form, Origin=origin or server.url)
