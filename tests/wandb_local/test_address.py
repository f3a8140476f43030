"""Addresses to listen on, and the URL that is printed for each: what a client takes as it stands."""

import json
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.wandb_local.process import ROOT, client_environment, free_port
from tests.wandb_local.process import Server as Process
from wandb_local.address import Address

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("::", "http://[::1]:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("localhost", "http://localhost:80"),
        ("fd00::2", "http://[fd00::2]:80"),
    ],
)
def test_urls(host, url):
    assert Address(host).url(80) == url


def reached(listeners, *hosts):
    """Which of the hosts lead to these sockets."""
    found = []
    for host in hosts:
        try:
            socket.create_connection((host, listeners[0].getsockname()[1]), timeout=5).close()
            found.append(host)
        except OSError:
            pass
    return found


def close(listeners):
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("::1", ["::1"]),
        ("::", ["127.0.0.1", "::1"]),
        ("0.0.0.0", ["127.0.0.1"]),
    ],
)
def test_what_listens(host, expected):
    listeners = Address(host, port=0).listen()
    assert reached(listeners, "127.0.0.1", "::1") == expected
    close(listeners)


def names(monkeypatch, *addresses):
    """A machine on which ``localhost`` has these addresses."""

    def lookup(host, port, *_, type=0, **__):
        families = {address: socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses}
        return [
            (family, type, 6, "", (address, port, 0, 0) if family == socket.AF_INET6 else (address, port))
            for address, family in families.items()
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


@pytest.mark.parametrize("order", [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_a_name_with_two_families_listens_on_both_at_one_port(monkeypatch, order):
    with monkeypatch.context() as patch:
        names(patch, *order)
        listeners = Address("localhost", port=0).listen()
    assert reached(listeners, "127.0.0.1", "::1") == ["127.0.0.1", "::1"]
    close(listeners)


def test_a_port_that_one_family_has_taken_is_in_use(monkeypatch):
    with socket.create_server(("::1", port := free_port()), family=socket.AF_INET6):
        with monkeypatch.context() as patch:
            names(patch, "127.0.0.1", "::1")
            with pytest.raises(OSError, match=rf"localhost:{port}: .*--port"):
                Address("localhost", port).listen()
            listeners = Address("localhost", port, any_port=True).listen()
        assert listeners[0].getsockname()[1] != port
        close(listeners)
        (alone,) = Address("127.0.0.1", port).listen()  # nothing was left of the refused attempt
        alone.close()


def test_an_address_that_this_machine_lacks_is_passed_over_if_there_is_another(monkeypatch):
    with monkeypatch.context() as patch:
        names(patch, "2001:db8::1", "127.0.0.1")
        listeners = Address("localhost", port=0).listen()
        assert len(listeners) == 1
        close(listeners)
        names(patch, "2001:db8::1")
        with pytest.raises(OSError, match=r"localhost:0: .*--host"):
            Address("localhost", port=0).listen()
    with pytest.raises(OSError, match=r"no-such-host\.invalid:80: .*--host"):
        Address("no-such-host.invalid", 80).listen()


def test_the_client_takes_the_address_of_an_ipv6_server(tmp_path):
    server = Process(tmp_path, "--host", "::1", host="[::1]")
    with server:
        with DIRECT.open(f"{server.url}/healthz", timeout=10) as answer:
            assert json.loads(answer.read())["server"] == "wandb_local"
        code = "import wandb\nwith wandb.init(project='p') as run:\n    run.log({'a': 1})\nprint(run.url)"
        environment = client_environment(server, tmp_path / "home") | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
        assert done.stdout.startswith(f"{server.url}/local/p/runs/"), done.stderr
        assert server.status()["counts"]["runs"] == 1
