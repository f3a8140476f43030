"""Limits on the number of connections, so that silent clients do not lock out others.

Anybody can connect. So a connection has low priority until a request on it has shown the key, a session or a signed
URL. If there are too many connections, the oldest one with low priority is closed, idle ones first. A connection that
waits too long is closed in any case.
"""

import asyncio
import functools
import resource
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from wandb_local.limits import BODY_SECONDS, HEAD_BYTES, HEAD_SECONDS, KEEP_SECONDS, MAX_CONNECTIONS

_FILES = 1 << 16  # that the process may have open, where the machine allows as many
BACKLOG = 128  # connections that are taken at once, before others make room for them; for each listener
_OTHERS = 320  # of the files: those, the records, blobs and the rest


def room() -> int:
    """How many connections there is room for. Raises this process's limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(min(MAX_CONNECTIONS, soft - _OTHERS), 16)


class Server(uvicorn.Server):
    """uvicorn, which looks once a second for connections that have waited too long."""

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second."""
        if counter % 10 == 0:
            now = time.monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection) and connection.is_late(now):
                    connection.transport.abort()
        return await super().on_tick(counter)


class Requests(h11.Connection):
    """The received bytes, parsed as HTTP. A body with two lengths is refused, because a proxy may use the other one."""

    def next_event(self) -> Any:
        """The next part of a request.

        Raises:
            h11.RemoteProtocolError: it is not HTTP.
        """
        event = super().next_event()
        if isinstance(event, h11.Request):
            names = {name for name, _ in event.headers}
            if {b"content-length", b"transfer-encoding"} <= names:
                raise h11.RemoteProtocolError("both Content-Length and Transfer-Encoding are set")
        return event


class Connection(H11Protocol):
    """uvicorn's connection, with an end. ``most`` is how many there may be."""

    most = MAX_CONNECTIONS
    _known = False
    _early = b""

    def __init__(self, config: uvicorn.Config, *given: Any, **named: Any) -> None:
        super().__init__(config, *given, **named)
        self.conn = Requests(h11.SERVER, config.h11_max_incomplete_event_size or HEAD_BYTES)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection."""
        self._heard = time.monotonic()
        self._head_since: float | None = self._heard
        super().connection_made(transport)
        _make_room(self, self.connections, self.most)
        if self._early:
            self.data_received(self._early)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection, and its timer, which one that was aborted has still."""
        if self.transport is None:
            return
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Handle received bytes. With the end of a handshake, they may come before ``connection_made``."""
        if self.transport is None:
            self._early += data
            return
        if self.transport.is_closing():
            return
        self._known, self._heard = self.is_known(), time.monotonic()
        if self._head_since is None and not self.is_busy() and not self._is_refused():
            self._head_since = self._heard
        super().data_received(data)
        if self.is_busy():
            self._head_since = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, and close. An answer may be on its way already, or out: then there is no other one.

        Over TLS the end can take a while. What still answers the request must not write into it.
        """
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        self.transport.close()
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def is_known(self) -> bool:
        """Whether a request on this connection was authorised."""
        return self._known or bool(self.scope and self.scope.get("state", {}).get("known"))

    def is_busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def is_late(self, now: float) -> bool:
        """Whether the connection has waited too long for the rest of a request, or for the next request."""
        if self.is_busy():
            return self.cycle.more_body and not self.flow.read_paused and now - self._heard > BODY_SECONDS
        if self._head_since is not None:
            return now - self._head_since > HEAD_SECONDS
        return now - self._heard > KEEP_SECONDS

    def _is_refused(self) -> bool:
        """Whether the received bytes may be the rest of a body whose request was already answered."""
        return self.cycle is not None and self.cycle.more_body

    def worth(self) -> tuple[bool, bool, float]:
        """The priority of the connection; the lowest one is closed first if there are too many."""
        return self.is_known(), self.is_busy(), self._heard


class Handshake(asyncio.Protocol):
    """A connection during its TLS handshake. It counts from the beginning, because most silent connections end here."""

    def __init__(self, context: ssl.SSLContext, most: int, **given: Any) -> None:
        self._context, self._most = context, most
        self._connection = Connection(**given)
        self._connection.most = most
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the handshake."""
        self._since = time.monotonic()
        self.transport = transport
        transport.pause_reading()
        _make_room(self, self._connection.connections, self._most)
        self._task = asyncio.get_running_loop().create_task(self._shake_hands())

    async def _shake_hands(self) -> None:
        loop, connections = asyncio.get_running_loop(), self._connection.connections
        try:
            transport = await loop.start_tls(
                self.transport,
                self._connection,
                self._context,
                server_side=True,
                ssl_handshake_timeout=HEAD_SECONDS,
            )
        except OSError:  # of the network or of TLS, or the time is over
            self.transport.abort()
        else:
            if transport is not None:
                self._connection.connection_made(transport)
        finally:
            connections.discard(self)  # type: ignore[arg-type]

    def shutdown(self) -> None:
        """Called by uvicorn when the server ends."""
        self.transport.abort()

    def worth(self) -> tuple[bool, bool, float]:
        """The priority, which is lower than that of an authorised connection."""
        return False, False, self._since


def _make_room(new: Connection | Handshake, connections: set[Any], most: int) -> None:
    connections.add(new)
    others = [other for other in connections if other is not new]
    if len(others) >= most:
        least = min(others, key=lambda other: other.worth())
        gone = new if least.worth()[:2] == (True, True) else least
        connections.discard(gone)
        gone.transport.abort()


def protocol(certfile: Path | None, keyfile: Path | None) -> Callable[..., asyncio.Protocol]:
    """A factory of connections, with TLS if there is a certificate, up to the largest number.

    Raises:
        OSError: the certificate or its key cannot be read.
    """
    most = room()
    if certfile is None:
        return type("Connection", (Connection,), {"most": most})
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certfile, keyfile)
    return functools.partial(Handshake, context, most)
