"""A real server process for the tests of this folder, and the environment that points the real client at it."""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client import run_process, teardown
from tests.wandb_local.opened import opened
from tests.wandb_local.process import ROOT, Server, client_environment
from wandb_local.context import Context


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of the folder; fails at the end if the client asked for what it did not know."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    try:
        unknown = server.status()["unknown"]
    finally:
        server.stop()
    assert unknown == [], f"the client asked for fields that the server does not know: {unknown}"


@pytest.fixture(scope="module")
def client_home(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Points the wandb client in this process at the shared server, with all its folders in a temporary one."""
    environment = client_environment(shared_server, tmp_path_factory.mktemp("client"))
    teardown()  # before its variables are kept: they name the service process that ends here
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        yield environment
        teardown()


@pytest.fixture
def server(shared_server: Server, client_home: dict[str, str]) -> Server:
    """The shared server; the wandb client in this process talks to it."""
    assert client_home
    return shared_server


@pytest.fixture
def project() -> str:
    """A project of its own for a test."""
    return f"p-{secrets.token_hex(4)}"


@pytest.fixture
def run_client(client_home: dict[str, str], tmp_path: Path):  # type: ignore[no-untyped-def]
    """Runs Python code or a ``wandb`` command in a new process against the shared server; answers the process."""

    def run(*arguments: str, code: str = "", timeout: float = 100, check: bool = True, **variables: str):  # type: ignore[no-untyped-def]
        command = [sys.executable, "-c", code, *arguments] if code else [sys.executable, "-m", "wandb", *arguments]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        environment = {**inherited, **client_home, "PYTHONPATH": str(ROOT), **variables}
        done = run_process(command, timeout, environment, tmp_path)
        assert not check or done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Empty stores in this process, without a server."""
    with opened(tmp_path) as services:
        yield services
