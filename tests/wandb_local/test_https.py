"""The server over https, and W&B's own check of an installation."""

import subprocess
import sys

import pytest

from tests.wandb_local.process import Server, client_environment

CROSS = "\u274c"
TICK = "\u2705"


@pytest.fixture
def certificate(tmp_path):
    """A certificate and its key."""
    return make_certificate(tmp_path)


def make_certificate(folder):
    """A certificate for this machine that signs itself, made by openssl, and its key."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command, *subject], check=True, capture_output=True)
    return cert, key


def verify(server, home, **variables):
    """The output of ``wandb verify``, whose checks end in a tick or a cross."""
    environment = client_environment(server, home) | {"WANDB_SILENT": "false"} | variables
    command = [sys.executable, "-m", "wandb", "verify", "--host", server.url]
    done = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, text=True, timeout=280, check=False, encoding="utf-8"
    )
    return done.stdout + done.stderr


@pytest.mark.soak
def test_wandb_verify_over_https_passes_every_check(tmp_path, certificate):
    cert, key = certificate
    trusted = {"SSL_CERT_FILE": str(cert), "REQUESTS_CA_BUNDLE": str(cert), "PYTHONIOENCODING": "utf-8"}
    with Server(tmp_path, "--certfile", str(cert), "--keyfile", str(key), scheme="https") as server:
        output = verify(server, tmp_path / "home", **trusted)
    assert CROSS not in output, output
    assert output.count(TICK) == 10, output
