"""Ending the wandb client, which waits without a limit for its service process.

At times that process does not end although all it had to send is acknowledged (seen in some runs of the whole suite,
with and without a server, never alone). A test would hang in a wait that is no part of what it looks at, so the
process is told to end after a while; the stacks it writes then stand in the test's captured output.
"""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import wandb
from wandb.sdk.artifacts.artifact_instance_cache import artifact_instance_cache

SECONDS = 45.0


def release(pid: int) -> None:
    """SIGQUIT, at which a Go program writes its stacks and ends, to the client's service processes below ``pid``."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.name() == "wandb-core":
                    child.send_signal(signal.SIGQUIT)


def teardown() -> None:
    """``wandb.teardown()`` with a limit, and nothing is left for the next test.

    What the client remembers of artifacts by their id goes too, as another server gives out the same ids; and so does
    the variable that names a service process, which the end of a test may have put back after that process was gone.
    """
    guard = threading.Timer(SECONDS, release, [os.getpid()])
    guard.start()
    try:
        with contextlib.suppress(SystemExit):  # the exit code of a service process that had to be released
            wandb.teardown()
    finally:
        guard.cancel()
        guard.join()
        artifact_instance_cache.clear()
        os.environ.pop("WANDB_SERVICE", None)


def run_process(
    command: Sequence[str], timeout: float, env: Mapping[str, str], cwd: Path
) -> subprocess.CompletedProcess[Any]:
    """A command that uses the client, run to its end; its service process is released when half the time is over."""
    with subprocess.Popen(
        command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        guard = threading.Timer(timeout / 2, release, [process.pid])
        guard.start()
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            guard.cancel()
            guard.join()
        return subprocess.CompletedProcess(command, process.returncode, out, err)
