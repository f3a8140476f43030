"""Files of several gigabytes, which the client sends in parts."""

import hashlib
import os

import pytest
import wandb

from tests.wandb_local.process import Server, client_environment

GIGABYTE = 1 << 30


def peak_memory(pid):
    """The most memory that a process has had resident, in bytes."""
    with open(f"/proc/{pid}/status") as status:  # noqa: PTH123
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def write_big(path, size):
    block = os.urandom(1 << 20)
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("wb") as file:
        for number in range(size >> 20):
            piece = number.to_bytes(8, "little") + block[8:]
            file.write(piece)
            digest.update(piece)
    return digest.hexdigest()


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_three_gigabytes_go_up_and_come_back(tmp_path, monkeypatch, request):
    server = Server(tmp_path)
    request.addfinalizer(server.stop)
    server.start()
    for name, value in client_environment(server, tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    wandb.teardown()
    digest = write_big(tmp_path / "big.bin", 3 * GIGABYTE)
    before = peak_memory(server.pid)
    with wandb.init(project="big") as run:
        artifact = wandb.Artifact("big", "dataset")
        artifact.add_file(str(tmp_path / "big.bin"), policy="immutable", skip_cache=True)
        run.log_artifact(artifact).wait()
    assert (server.data / "blobs" / digest[:2] / digest[2:]).stat().st_size == 3 * GIGABYTE
    assert list((server.data / "uploads").iterdir()) == []
    version = wandb.Api().artifact("local/big/big:v0")
    version.verify(root=version.download(root=str(tmp_path / "back"), skip_cache=True))
    assert peak_memory(server.pid) - before < 64 << 20
    wandb.teardown()
