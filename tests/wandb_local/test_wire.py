"""What is not HTTP, sent over a socket: refused, and its connection is closed, and the log has a line of it at most."""

import base64
import contextlib
import re
import socket
import ssl

import pytest

from tests.wandb_local.process import Server
from tests.wandb_local.test_https import make_certificate

REFUSED = b"HTTP/1.1 400 Bad Request"
CHUNKED = b"Transfer-Encoding: chunked"
HEADS = {  # what is wrong in the head, and a body that goes with it
    "Content-Length and chunked": (b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
    "an unknown encoding": (b"Transfer-Encoding: gzip", b""),
    "a negative length": (b"Content-Length: -5", b""),
    "a huge length": (b"Content-Length: " + b"9" * 40, b""),
    "a length in letters": (b"Content-Length: two", b""),
    "two lengths": (b"Content-Length: 2\r\nContent-Length: 3", b""),
    "no colon": (b"Content-Length", b""),
    "NUL in a value": (b"X-A: a\0b", b""),
    "NUL in a name": (b"X\0A: a", b""),
}
CHUNKS = {
    "no size": b"ZZ\r\n",
    "no size after a chunk": b"2\r\n{}\r\nZZ\r\n",
    "a negative size": b"-5\r\n",
    "a size that does not end": b"f" * 40 + b"\r\n",
    "a chunk that is longer than its size": b"2\r\n{}xx\r\n0\r\n\r\n",
    "a trailer without a colon": b"2\r\n{}\r\n0\r\nno colon\r\n\r\n",
}
SHORT = {
    "a chunk that is cut off": (CHUNKED, b"10\r\n{}"),
    "no chunk": (CHUNKED, b""),
    "a body that is cut off": (b"Content-Length: 500", b"{}"),
}
LOGIN = "/login"  # read whoever sends it
EARLY = "/sdk/otel/v1/x"  # answered before the body has come


@pytest.fixture(scope="module", params=["http", "https"])
def wired(request, tmp_path_factory):
    """A server of its own, whose log belongs to this file."""
    folder = tmp_path_factory.mktemp("wired")
    options: list[str] = []
    if request.param == "https":
        options = ["--certfile", str(folder / "cert.pem"), "--keyfile", str(folder / "key.pem")]
        make_certificate(folder)
    with Server(folder, *options, scheme=request.param) as server:
        yield server


def head(server, path, header):
    """The head of a request by somebody who has the key, with one more header."""
    key = base64.b64encode(f"api:{server.key}".encode()).decode()
    known = f"Host: x\r\nOrigin: {server.url.partition(':')[0]}://x\r\nAuthorization: Basic {key}\r\n"
    return f"POST {path} HTTP/1.1\r\n{known}Content-Type: application/json\r\n".encode() + header + b"\r\n\r\n"


@contextlib.contextmanager
def connected(server):
    """A socket, over TLS if the server speaks it. The server must write no more than a line to its log meanwhile."""
    before = len(server.log())
    with contextlib.ExitStack() as stack:
        link = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
        if server.url.startswith("https"):
            link = stack.enter_context(ssl._create_unverified_context().wrap_socket(link))
        yield link
    written = server.log()[before:]
    assert written.count("\n") <= 1, written


def answers(link):
    """The status lines that come until the server closes the connection."""
    return re.findall(rb"HTTP/1\.1 \d+ [A-Z][\w ]+", b"".join(iter(lambda: link.recv(1 << 16), b"")))


@pytest.mark.parametrize("fault", HEADS)
def test_a_head_that_is_not_http_is_refused(wired, fault):
    header, body = HEADS[fault]
    with connected(wired) as link:
        link.sendall(head(wired, "/graphql", header) + body)
        assert answers(link) == [REFUSED]


@pytest.mark.parametrize("path", ["/graphql", LOGIN])
@pytest.mark.parametrize("fault", CHUNKS)
def test_a_body_that_is_not_http_is_refused(wired, fault, path):
    with connected(wired) as link:
        link.sendall(head(wired, path, CHUNKED))
        link.sendall(CHUNKS[fault])
        assert answers(link) == [REFUSED]


@pytest.mark.parametrize("fault", CHUNKS)
def test_a_body_that_is_not_http_behind_an_answer_ends_the_connection(wired, fault):
    with connected(wired) as link:
        link.sendall(head(wired, EARLY, CHUNKED))
        assert link.recv(1 << 16).startswith(b"HTTP/1.1 204")
        link.sendall(CHUNKS[fault])
        assert answers(link) == []


@pytest.mark.parametrize("path", ["/graphql", LOGIN])
@pytest.mark.parametrize("fault", SHORT)
def test_a_body_that_is_cut_off_ends_the_connection(wired, fault, path):
    header, body = SHORT[fault]
    with connected(wired) as link:
        link.sendall(head(wired, path, header))
        link.sendall(body)
        socket.socket.shutdown(link, socket.SHUT_WR)
        assert answers(link) == []
