"""Starting, killing and asking a server process."""

import base64
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# Agents ask for work every 5 seconds; the client names this delay as one that tests may shorten.
IMPATIENT = """
import sys
from wandb import wandb_agent
from wandb.agents import pyagent
wandb_agent.Agent.POLL_INTERVAL = pyagent.Agent.HEARTBEAT_SLEEP_SECONDS = 0.3
"""
AGENT = IMPATIENT + "from wandb.cli.cli import cli; cli()"  # to be run with the arguments `agent SWEEP`


def free_port() -> int:
    """A port that nothing listens on now, and below those that the system gives to connections."""
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def run_command(*arguments, check=True, **variables):
    """``python -m wandb_local`` in a new process, as where its environment is activated."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    command = [sys.executable, "-m", "wandb_local", *map(str, arguments)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**inherited, "PYTHONPATH": str(ROOT), "PATH": path, **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert not check or done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done


class Server:
    """``python -m wandb_local serve`` on one data folder and one port, so that it can be restarted there."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        scheme: str = "http",
        host: str = "127.0.0.1",
        prefix: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"{scheme}://{host}:{self.port}"
        self._host = host.strip("[]")
        self.key = self.printed = ""
        self._options = options
        self._prefix = prefix
        self._process: subprocess.Popen[str] | None = None

    def start(self, timeout: float = 60) -> None:
        """Start the process and wait until it answers."""
        command = [sys.executable, "-m", "wandb_local", "serve", "--port", str(self.port), "--data", str(self.data)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                [*self._prefix, *command, *self._options],
                cwd=self.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        lines = [self._process.stdout.readline() for _ in range(4)]
        assert lines[0] == f"export WANDB_BASE_URL={self.url}\n", (lines, self.log())
        self.printed = "".join(lines)
        self.key = (self.data / "api_key").read_text().strip()
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                socket.create_connection((self._host, self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"no server at {self.url}: {self.log()}")

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def kill(self) -> None:
        """SIGKILL: no chance to write anything."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._close()

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        process = self._process
        assert process is not None
        process.send_signal(number)
        self._close()
        return process.returncode

    def stop(self) -> None:
        """SIGTERM, as a user or ``exec`` does it."""
        if self._process is not None:
            self._process.terminate()
            self._close()

    def _close(self) -> None:
        assert self._process is not None
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """What the server has written to its log."""
        return (self.folder / "server.log").read_text()

    def status(self) -> dict[str, Any]:
        """The answer of ``/status``."""
        answer: dict[str, Any] = json.loads(self.ask("/status"))
        return answer

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """A request with the server's key; the body of the answer."""
        request = urllib.request.Request(self.url + path, data=body)
        request.add_header("Authorization", "Basic " + base64.b64encode(f"api:{self.key}".encode()).decode())
        for name, value in {"Content-Type": "application/json", **headers}.items():
            request.add_header(name.replace("_", "-"), value)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: bytes = response.read()
        return answer

    def graphql(self, query: str, **variables: Any) -> Any:
        """The ``data`` of a GraphQL answer."""
        return json.loads(self.ask("/graphql", json.dumps({"query": query, "variables": variables}).encode()))["data"]


def client_environment(server: Server, home: Path) -> dict[str, str]:
    """Variables that point a wandb client at the server and keep all that it writes under ``home``."""
    folders = {
        "WANDB_DIR": "runs",
        "WANDB_CACHE_DIR": "cache",
        "WANDB_CONFIG_DIR": "config",
        "WANDB_DATA_DIR": "data",
        "WANDB_ARTIFACT_DIR": "artifacts",
    }
    for folder in folders.values():
        (home / folder).mkdir(parents=True, exist_ok=True)
    variables = {name: str(home / folder) for name, folder in folders.items()}
    quiet = {"WANDB_SILENT": "true", "WANDB_ENTITY": "local", "HOME": str(home), "WANDB_ERROR_REPORTING": "false"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # an agent starts its scripts with `python`
    return {**variables, **quiet, "PATH": path, "WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.key}
