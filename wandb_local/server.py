"""A server process: opens the data folder, listens, and closes everything when it is told to stop."""

import errno
import logging
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from wandb_local.app import make_app
from wandb_local.auth import Signer
from wandb_local.blobs import BlobStore
from wandb_local.context import Services, Unknowns
from wandb_local.database import Database
from wandb_local.folder import DataFolder
from wandb_local.proxies import shell_line
from wandb_local.sweeps.agents import Dispatcher

_THREADS = 8  # they take turns at the one writer's lock; more would only add connections


@dataclass(frozen=True)
class Address:
    """Where to listen; port 0 takes any free one, and so does a port that is in use if ``any_port`` allows it. With a
    certificate and its key the server speaks https."""

    host: str = "127.0.0.1"
    port: int = 8080
    certfile: Path | None = None
    keyfile: Path | None = None
    any_port: bool = False

    def url(self, port: int) -> str:
        """The base URL for clients on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"{'https' if self.certfile else 'http'}://{host}:{port}"


def open_services(folder: DataFolder) -> Services:
    """The stores of a data folder that this process has locked."""
    database = Database(folder.database)
    blobs = BlobStore(folder, database)
    blobs.sweep_temporaries()
    return Services(
        database, blobs, Signer(folder.signing_secret), Unknowns(), Dispatcher(), ThreadPoolExecutor(_THREADS)
    )


def serve_folder(folder: DataFolder, address: Address) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        FolderInUseError: another server has the data folder.
        OSError: the address cannot be listened on.
    """
    folder.lock()
    try:
        listener = _listen(address)
        services = open_services(folder)
        url = address.url(listener.getsockname()[1])
        config = uvicorn.Config(
            make_app(services, folder.api_key),
            log_level="warning",
            access_log=False,
            ssl_certfile=address.certfile,
            ssl_keyfile=address.keyfile,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
            lifespan="off",
            ws="none",
        )
        folder.announce(url)
        print(f"export WANDB_BASE_URL={url}\nexport WANDB_API_KEY={folder.api_key}\n{shell_line(url)}")
        print(f"# pages: {url}/ (log in with the key)", flush=True)
        # uvicorn shuts down and then raises the signal again, which must not end the process before all is closed
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        uvicorn.Server(config).run(sockets=[listener])
        services.close()
    finally:
        folder.unlock()


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE or not address.any_port:
            raise OSError(error.errno, f"{address.host}:{address.port}: {error.strerror}; give --port") from None
        listener.bind((address.host, 0))
    listener.listen(512)
    if address.host not in ("127.0.0.1", "localhost", "::1"):
        logging.getLogger(__name__).warning("listening on %s: others on the network can try the API key", address.host)
    return listener
