"""Files of 2 GiB and more, which the client sends in parts of 100 MiB: that size is fixed in the client."""

import base64
import concurrent.futures
import contextlib
import hashlib
import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import wandb

from tests.client import teardown
from tests.wandb_local.process import Server, client_environment

SIZE = 2 << 30  # bytes from which the client cuts
PART = 100 << 20  # bytes of a part, as the client cuts them
CREATE = "mutation($p:String!){createArtifact(input:{projectName:$p,artifactTypeName:"
CREATE += '"dataset",artifactCollectionName:"big",digest:"d"}){artifact{id}}}'
ANNOUNCE = "mutation($f:[CreateArtifactFileSpecInput!]!){createArtifactFiles(input:{artifactFiles:$f}){files{edges{node"
ANNOUNCE += "{storagePath uploadUrl uploadMultipartUrls{uploadID uploadUrlParts{partNumber uploadUrl}}}}}}}"
COMPLETE = "mutation($i:CompleteMultipartUploadArtifactInput!){completeMultipartUploadArtifact(input:$i){digest}}"


def md5_of(data):
    return hashlib.md5(data, usedforsecurity=False)


def status_of(request):
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


class Upload:
    """A file that has been announced in parts, as the client announces one."""

    def __init__(self, server, project, parts):
        self.server = server
        self.md5 = md5_of(b"".join(parts))
        artifact = server.graphql(CREATE, p=project)["createArtifact"]["artifact"]["id"]
        digest = base64.b64encode(self.md5.digest()).decode()
        numbered = [{"partNumber": n, "hexMD5": md5_of(part).hexdigest()} for n, part in enumerate(parts, start=1)]
        spec = {"artifactID": artifact, "name": "big.bin", "md5": digest, "uploadPartsInput": numbered}
        (edge,) = server.graphql(ANNOUNCE, f=[spec])["createArtifactFiles"]["files"]["edges"]
        multipart = edge["node"]["uploadMultipartUrls"]
        self.id = multipart["uploadID"]
        self.urls = [part["uploadUrl"] for part in multipart["uploadUrlParts"]]
        self.input = {"artifactID": artifact, "storagePath": edge["node"]["storagePath"], "uploadID": self.id}

    def put(self, number, data):
        return status_of(urllib.request.Request(self.urls[number - 1], data=data, method="PUT"))

    def complete(self, *numbers):
        given = self.input | {"completedParts": [{"partNumber": n, "hexMD5": "tag"} for n in numbers]}
        body = json.dumps({"query": COMPLETE, "variables": {"i": {**given, "completeMultipartAction": "Complete"}}})
        request = urllib.request.Request(self.server.url + "/graphql", data=body.encode())
        request.add_header("Content-Type", "application/json")
        key = base64.b64encode(f"api:{self.server.key}".encode()).decode()
        request.add_header("Authorization", f"Basic {key}")
        return status_of(request)

    def stored(self):
        """Content of the blob, or None."""
        name = self.md5.hexdigest()
        path = self.server.data / "blobs" / name[:2] / name[2:]
        return path.read_bytes() if path.exists() else None


def test_every_part_is_checked_and_so_is_the_whole(server, project):
    parts = [os.urandom(1000), os.urandom(1000), os.urandom(500)]
    upload = Upload(server, project, parts)
    assert [upload.put(1, parts[0]), upload.put(2, parts[0]), upload.put(3, parts[2])] == [200, 400, 200]
    assert upload.complete(1, 2, 3) == 400
    assert upload.put(2, parts[1]) == 200
    assert upload.put(2, parts[1]) == 200
    assert upload.complete(1, 3) == 400
    assert upload.stored() is None
    assert upload.complete(1, 2, 3) == 200
    assert upload.complete(1, 2, 3) == 200
    assert upload.stored() == b"".join(parts)
    assert not (server.data / "uploads" / f"parts-{upload.id}").exists()


def test_an_impatient_client_may_ask_again_while_the_parts_are_put_together(server, project):
    parts = [os.urandom(16 << 20) for _ in range(2)]
    upload = Upload(server, project, parts)
    assert [upload.put(number, part) for number, part in enumerate(parts, start=1)] == [200, 200]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: upload.complete(1, 2), range(4)))
    assert 200 in statuses
    assert set(statuses) <= {200, 503}
    assert upload.complete(1, 2) == 200
    assert upload.stored() == b"".join(parts)


def test_parts_that_nobody_put_together_are_collected(server, project):
    upload = Upload(server, project, [b"one", b"two"])
    assert upload.put(1, b"one") == 200
    server.ask("/gc", b'{"grace": 3600}')
    assert (server.data / "uploads" / f"parts-{upload.id}").exists()
    server.ask("/gc", b'{"grace": 0, "dry_run": true}')
    assert (server.data / "uploads" / f"parts-{upload.id}").exists()
    server.ask("/gc", b'{"grace": 0}')
    assert not (server.data / "uploads" / f"parts-{upload.id}").exists()


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


def arrived(server, seen):
    """Note the parts that lie on the server now: number, size, and what tells one arrival from another."""
    for path in (server.data / "uploads").glob("parts-*/*"):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            seen.setdefault(path.relative_to(server.data / "uploads"), {})[status.st_ino] = status.st_size
    return seen


def wait_for(condition, timeout=600):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_two_gigabytes_go_up_in_parts_and_come_back(tmp_path, monkeypatch, request):
    """The server is killed on the way: the client goes on with the parts that were not acknowledged."""
    server = Server(tmp_path)
    request.addfinalizer(server.stop)
    server.start()
    for name, value in client_environment(server, tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    teardown()
    digest = write_big(tmp_path / "big.bin", SIZE)
    blob = server.data / "blobs" / digest[:2] / digest[2:]
    parts: dict[Path, dict[int, int]] = {}
    with wandb.init(project="big", settings=wandb.Settings(x_file_transfer_retry_wait_max_seconds=2)) as run:
        artifact = wandb.Artifact("big", "dataset")
        artifact.add_file(str(tmp_path / "big.bin"), policy="immutable", skip_cache=True)
        run.log_artifact(artifact)
        wait_for(lambda: len(arrived(server, parts)) >= 5)
        server.kill()
        before_the_kill = set(arrived(server, parts))
        server.start()
        memory = peak_memory(server.pid)
        wait_for(lambda: arrived(server, parts) and blob.exists())
        artifact.wait()
    assert sorted(path.name for path in parts) == [f"{number:06d}" for number in range(1, 22)]
    assert len({path.parent for path in parts}) == 1
    sizes = [set(parts[path].values()) for path in sorted(parts)]
    assert sizes == [{PART}] * 20 + [{SIZE - 20 * PART}]
    assert any(len(parts[path]) == 1 for path in before_the_kill)
    assert (blob.stat().st_size, list((server.data / "uploads").iterdir())) == (SIZE, [])
    version = wandb.Api().artifact("local/big/big:v0")
    version.verify(root=version.download(root=str(tmp_path / "back"), skip_cache=True))
    assert peak_memory(server.pid) - memory < 64 << 20
    teardown()
