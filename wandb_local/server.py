"""A server process: it opens the data folder, listens, and closes everything when it is stopped."""

import shlex
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from wandb_local.address import Address
from wandb_local.app import make_app
from wandb_local.auth import Signer
from wandb_local.clock import CLOCK, LONGEST
from wandb_local.connections import BACKLOG, Server, protocol
from wandb_local.context import Services, Unknowns
from wandb_local.dispatcher import Dispatcher
from wandb_local.limits import HEAD_BYTES, KEEP_SECONDS
from wandb_local.proxies import shell_line
from wandb_local.store.blobs import BlobStore
from wandb_local.store.database import Database
from wandb_local.store.folder import DataFolder

_THREADS = 8  # they take turns at the one writer's lock; more would only add connections


def open_services(folder: DataFolder, *, alone: bool = False) -> Services:
    """The stores of a data folder that this process has locked; see ``Database`` for ``alone``."""
    folder.prepare()
    folder.sweep_temporaries()  # first of all: on a full disk, this may be the room that opening needs
    database = Database(folder.database, alone=alone)
    blobs = BlobStore(folder, database)
    return Services(
        database, blobs, Signer(folder.signing_secret), Unknowns(), Dispatcher(), ThreadPoolExecutor(_THREADS)
    )


def serve_folder(folder: DataFolder, address: Address, on_demand: bool = False) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        FolderInUseError: another server has the data folder.
        OSError: the address cannot be listened on.
    """
    folder.lock()
    ended = threading.Event()
    try:
        listeners = address.listen()
        services = open_services(folder)
        CLOCK.follow(services.db, folder.last_awake())
        watch = threading.Thread(target=_watch, args=(folder, services.db, ended))
        watch.start()
        url = address.url(listeners[0].getsockname()[1])
        config = uvicorn.Config(
            make_app(services, folder, url),
            loop="asyncio" if address.certfile else "auto",  # uvloop does not come to an end of such a handshake
            backlog=BACKLOG,
            http=protocol(address.certfile, address.keyfile),  # type: ignore[arg-type]
            log_level="warning",
            access_log=False,
            timeout_keep_alive=int(KEEP_SECONDS),
            timeout_graceful_shutdown=5,
            lifespan="off",
            ws="none",
            h11_max_incomplete_event_size=HEAD_BYTES,
        )
        server = Server(config)
        # A signal may come before uvicorn looks for it. At the end uvicorn shuts down and then raises the signal again,
        # which must not end the process before all is closed.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        folder.announce(url, on_demand)
        key = folder.api_key if sys.stdout.isatty() else f'"$(cat {shlex.quote(str(folder.key_file))})"'  # in no log
        print(f"export WANDB_BASE_URL={url}\nexport WANDB_API_KEY={key}\n{shell_line(url)}")
        print(f"# pages: {url}/ (log in with the key)", flush=True)
        server.run(sockets=listeners)
        ended.set()
        watch.join()
        services.close()
    finally:
        ended.set()
        folder.unlock()


def _watch(folder: DataFolder, database: Database, ended: threading.Event) -> None:
    """Follow the clock while the server is awake. Not uvicorn's own timer, which goes by the wall clock."""
    folder.note_awake()
    while not ended.wait(LONGEST / 2):
        CLOCK.follow(database)
        folder.note_awake()
    folder.note_awake()
