"""Where a server listens, and the address under which clients on this machine find it."""

import errno
import ipaddress
import logging
import socket
from dataclasses import dataclass
from pathlib import Path

_BACKLOG = 512
_ATTEMPTS = 20  # to find a port that is free in each family
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


@dataclass(frozen=True)
class Address:
    """Where to listen. Port 0 takes any free port, and so does a port that is in use if ``any_port`` is set. With a
    certificate and its key the server uses https."""

    host: str = "127.0.0.1"
    port: int = 8080
    certfile: Path | None = None
    keyfile: Path | None = None
    any_port: bool = False

    def url(self, port: int) -> str:
        """The base URL for clients on this machine."""
        return f"{'https' if self.certfile else 'http'}://{joined(_EVERYWHERE.get(self.host, self.host), port)}"

    def listen(self) -> list[socket.socket]:
        """Sockets that listen, one for each address that the host name has here; all have the same port.

        Raises:
            OSError: the address cannot be listened on; the message names it.
        """
        try:
            listeners = self._listen(self.port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not self.any_port:
                fix = "--port" if error.errno in (errno.EADDRINUSE, errno.EACCES) else "--host"
                raise OSError(error.errno, f"{joined(self.host, self.port)}: {error.strerror}; give {fix}") from None
            listeners = self._listen(0)
        if not all(_is_local(listener) for listener in listeners):
            text = "listening on %s: other machines on the network can connect, and try API keys"
            logging.getLogger(__name__).warning(text, self.host)
        return listeners

    def _listen(self, port: int) -> list[socket.socket]:
        for attempt in range(_ATTEMPTS):
            try:
                return _bind(self.host, port)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or port != 0 or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")


def joined(host: str, port: int) -> str:
    """``host:port`` for a URL, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bind(host: str, port: int) -> list[socket.socket]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    problem = None
    for family, place in dict.fromkeys((family, place) for family, _, _, _, place in found):
        port = listeners[0].getsockname()[1] if listeners else port
        try:
            listeners.append(_bound(family, (place[0], port, *place[2:])))
        except OSError as error:
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):  # a family that this machine lacks
                for listener in listeners:
                    listener.close()
                raise
            problem = error
    if problem and not listeners:
        raise problem
    return listeners


def _bound(family: int, place: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, place[0] != "::")  # "::" means both families
        listener.bind(place)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _is_local(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback
