"""The real client in folders of its own, and a reader for what it writes offline."""

import importlib
import json
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb
from PIL import Image

from artifacts import start_run
from camvid.layouts import RoadDataset, open_dataset
from camvid.taxonomy import load_taxonomy
from tests.client import teardown

PROTOCOL: Any = importlib.import_module("wandb.proto.wandb_internal_pb2")


FORGOTTEN = ("API_KEY", "MODE", "BASE_URL", "IDENTITY_TOKEN_FILE", "RUN_ID", "PROJECT", "ENTITY", "SWEEP_ID")


@pytest.fixture(autouse=True)
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A client without credentials or settings of this machine; its files go to a temporary folder."""
    for variable in FORGOTTEN:
        monkeypatch.delenv(f"WANDB_{variable}", raising=False)
    for name in ("DIR", "CACHE_DIR", "DATA_DIR", "CONFIG_DIR", "ARTIFACT_DIR"):
        folder = tmp_path / "client" / name
        folder.mkdir(parents=True)
        monkeypatch.setenv(f"WANDB_{name}", str(folder))
    monkeypatch.setenv("NETRC", str(tmp_path / "client" / "netrc"))
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    teardown()
    yield
    if wandb.run is not None:
        wandb.run.finish(exit_code=1)
    teardown()


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[..., wandb.Run]:
    """Starts a run in a folder of its own."""

    def new(**options: Any) -> wandb.Run:
        settings: dict[str, Any] = {"config": {"lr": 0.1}, "project": "roads", "folder": tmp_path / "run"}
        return start_run(**(settings | options))

    return new


@dataclass
class Written:
    """What an offline run holds."""

    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    step_metrics: dict[str, str] = field(default_factory=dict)
    artifacts: list[Any] = field(default_factory=list)
    job_type: str = ""
    tags: list[str] = field(default_factory=list)
    exit_code: int | None = None


@pytest.fixture
def read_run() -> Callable[[Path], Written]:
    """Reads a run's folder."""
    return _read_run


def _read_run(folder: Path) -> Written:
    teardown()  # the client's service writes behind; at its end all is on the disk
    (log,) = folder.glob("run-*.wandb")
    written = Written()
    for record in _records(log.read_bytes()):
        match record.WhichOneof("record_type"):
            case "run":
                written.config |= _values(record.run.config.update)
                written.job_type, written.tags = record.run.job_type, list(record.run.tags)
            case "config":
                written.config |= _values(record.config.update)
            case "summary":
                written.summary |= _values(record.summary.update)
            case "history":
                written.history.append(_values(record.history.item))
            case "metric":
                written.step_metrics[record.metric.name or record.metric.glob_name] = record.metric.step_metric
            case "artifact":
                written.artifacts.append(record.artifact)
            case "exit":
                written.exit_code = record.exit.exit_code
    return written


def _values(items: Any) -> dict[str, Any]:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def _records(data: bytes) -> Iterator[Any]:
    """The client's log: LevelDB's format (blocks of 32 KiB, records in fragments) after a header of 7 bytes."""
    assert data[:4] == b":W&B"
    position, payload = 7, b""
    while position + 7 <= len(data):
        left = 2**15 - position % 2**15
        if left < 7:
            position += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, position)
        payload += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # whole, or the last fragment
            record = PROTOCOL.Record()
            record.ParseFromString(payload)
            payload = b""
            yield record


SIZES = {"train": 3, "val": 2, "test": 1}


@pytest.fixture
def dataset(tmp_path: Path) -> RoadDataset:
    """Six frames of 48x64 pixels in SegNet's layout, with void in every mask."""
    root = tmp_path / "camvid"
    rng = np.random.default_rng(0)
    for split, count in SIZES.items():
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir(parents=True)
        for number in range(count):
            name = f"{split}Seq_{number:03d}.png"
            Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(root / split / name)
            blocks = rng.permutation(12).reshape(3, 4).astype(np.uint8)
            Image.fromarray(blocks.repeat(16, 0).repeat(16, 1)).save(root / f"{split}annot" / name)
    (root / "codes.txt").write_text("\n".join((*load_taxonomy("camvid11").names, "Void")))
    return open_dataset(root)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The project's local W&B server as a process of its own; the variables that send a client to it."""
    data = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "wandb_local", "serve", "--port", "0", "--data", str(data)]
    root = Path(__file__).parents[2]
    with (
        (data / "log").open("w") as log,
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        give_up = threading.Timer(60, process.kill)
        give_up.start()
        assert process.stdout is not None
        first = process.stdout.readline().decode().strip()
        give_up.cancel()
        name, _, url = first.removeprefix("export ").partition("=")
        assert name == "WANDB_BASE_URL", f"no server: {(data / 'log').read_text()}"
        yield {name: url, "WANDB_API_KEY": (data / "api_key").read_text().strip()}
        process.terminate()
        process.wait(20)
    assert (data / "log").read_text() == "", "the server did not know all that the client asked for"


@pytest.fixture
def online(client: None, server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends the client to the local server."""
    for variable, value in server.items():
        monkeypatch.setenv(variable, value)


@pytest.fixture
def make(new_run, tmp_path):
    """Logs versions of a model."""
    from tests.artifacts.weighed import log_versions

    def log(name, *versions, dataset=None):
        log_versions(new_run, tmp_path / "saved", *((name, options) for options in versions), dataset=dataset)

    return log
