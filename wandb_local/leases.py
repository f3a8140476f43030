"""Share the server of a data folder: the first process that needs it starts it, and the last one stops it.

Each process holds a shared lock while it uses the server, so that a killed process no longer counts. A server that was
started with ``serve`` keeps running.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

from wandb_local.client import running_server
from wandb_local.store.folder import DataFolder

_START_TIMEOUT = 60.0  # seconds
_LOG = "server.log"


@contextlib.contextmanager
def served(folder: DataFolder, port: int = 0) -> Iterator[str]:
    """The URL of the server on a data folder; one is started if none runs. It takes the port, so that the addresses
    that it gives stay good, or any free one."""
    folder.prepare()
    started = None
    with (folder.root / "users").open("a") as lease:
        fcntl.flock(lease, fcntl.LOCK_SH)  # waits while the last user of before stops its server
        try:
            url, started = _found_or_started(folder, port)
            yield url
        finally:
            _stop_if_last(folder, lease)
            if started is not None and folder.announced() is None:
                started.wait()


def _found_or_started(folder: DataFolder, port: int) -> tuple[str, "subprocess.Popen[bytes] | None"]:
    with (folder.root / "starting").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # of two that come at once, the second finds the server of the first
        url = running_server(folder)
        if url is not None:
            return url, None
        command = [sys.executable, "-m", "wandb_local", "serve", "--port", str(port), "--any-port", "--on-demand"]
        command += ["--data", str(folder.root)]
        with (folder.root / _LOG).open("w") as log:  # not our own output: the server may outlive us
            return _start(folder, command, log)


def _start(folder: DataFolder, command: list[str], log: IO[str]) -> tuple[str, "subprocess.Popen[bytes]"]:
    started = None
    try:
        with _held_back():  # or a signal could end us when the server runs and is not known yet
            started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True)
        return _wait_for(folder, started), started
    except BaseException:
        if started is not None:
            started.terminate()
            started.wait()
        raise


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Signals that arrive in the block are handled at its end."""
    came: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = [(number, signal.signal(number, lambda found, _: came.append(found))) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    for found in came:
        signal.raise_signal(signal.Signals(found))


def _wait_for(folder: DataFolder, server: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        url = running_server(folder)
        if url is not None:
            return url
        time.sleep(0.05)
    log = folder.root / _LOG
    last = log.read_text(errors="replace").strip().rpartition("\n")[2]
    raise ValueError(f"{folder.root}: the server did not start: {last or 'it does not answer'}; see {log}")


def _stop_if_last(folder: DataFolder, lease: IO[str]) -> None:
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    server = folder.announced()
    if server is None or not server.on_demand:
        return
    os.kill(server.pid, signal.SIGTERM)
    with (folder.root / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # which it gives back at its end
