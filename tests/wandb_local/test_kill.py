"""The server is killed again and again: while clients write, during gc, during a migration. What clients were told is
stored must be there, once."""

import contextlib
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error

import pytest
import wandb

from tests.client import teardown
from tests.wandb_local.process import ROOT, Server, client_environment
from wandb_local.store.database import Database
from wandb_local.store.migrations import MIGRATIONS

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]
STEPS = 40
GARBAGE = 2000  # blobs
PATIENCE = 400  # seconds, on a machine that is busy with something else; alone it takes less than a minute
WRITER = """
import json, os, sys, time, wandb
name, stop, project, steps = sys.argv[1:]
settings = wandb.Settings(init_timeout=300, x_file_stream_transmit_interval=0.2, x_graphql_retry_wait_max_seconds=2,
                          x_file_stream_retry_wait_max_seconds=2, x_file_transfer_retry_wait_max_seconds=2)
number = 0
while not os.path.exists(stop):
    number += 1
    run_id, text = f"{name}-{number}", f"{number // 2} " * 50  # equal for all writers, and in two runs of each
    try:
        with wandb.init(project=project, id=run_id, config={"number": number}, settings=settings) as run:
            for step in range(int(steps)):
                run.log({"a": step, "b": step * number})
                time.sleep(0.02)
            artifact = wandb.Artifact(f"data-{name}", "dataset")
            for part in range(3):
                with artifact.new_file(f"{part}.txt") as file:
                    file.write(f"{text}{part}")
            run.log_artifact(artifact).wait()
    except wandb.errors.AuthenticationError:  # the client could not ask about its key in time: no run has begun
        number -= 1
        continue
    print(json.dumps({"run": run_id, "number": number, "artifact": f"data-{name}:{artifact.version}"}), flush=True)
"""


class Writers:
    """Client processes that log one run after the other, each with a version of an artifact, until they are ended."""

    def __init__(self, server, folder, names):
        self.environment = client_environment(server, folder / "home")
        self._stop = folder / "stop"
        self._logs = [folder / name / "told" for name in names]
        self._processes = [self._start(folder / name, name) for name in names]

    def _start(self, home, name):
        home.mkdir()
        command = [sys.executable, "-c", WRITER, name, str(self._stop), "killed", str(STEPS)]
        variables = {**os.environ, **self.environment, "WANDB_DIR": str(home), "PYTHONPATH": str(ROOT)}
        with (home / "told").open("w") as told, (home / "log").open("w") as log:
            return subprocess.Popen(command, env=variables, cwd=home, stdout=told, stderr=log)

    @property
    def told(self):
        """What they were told is stored so far."""
        return [json.loads(line) for log in self._logs for line in log.read_text().splitlines(True) if line[-1] == "\n"]

    def end(self):
        """Let each end its run."""
        self._stop.touch()
        return [process.wait(timeout=200) for process in self._processes]

    def kill(self):
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def writers(server, tmp_path):
    made = Writers(server, tmp_path, ["w0", "w1", "w2", "w3"])
    yield made
    made.kill()


def litter(data):
    """Put blobs there that nothing refers to, up to a number of them."""
    digests = [hashlib.md5(str(number).encode()).hexdigest() for number in range(GARBAGE)]
    for md5 in digests:
        blob = data / "blobs" / md5[:2] / md5[2:]
        if not blob.exists():
            blob.parent.mkdir(exist_ok=True)
            blob.write_bytes(b"x")
    with contextlib.closing(sqlite3.connect(data / "records.sqlite3")) as records, records:
        records.executemany("INSERT OR IGNORE INTO blobs VALUES (?, 1, 0)", [(md5,) for md5 in digests])


def collect(server):
    """Ask for gc in a thread, which may be killed with the server."""

    def ask():
        with contextlib.suppress(urllib.error.URLError, ConnectionError, OSError):
            server.ask("/gc", b'{"grace": 3600}')

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def check_all(server, environment, told, folder, monkeypatch):
    """All that was told is there, and the folder is whole."""
    teardown()
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    api = wandb.Api()
    for entry in told:
        check_run(api, entry)
    for name in {entry["artifact"] for entry in told}:
        check_version(api.artifact(f"local/killed/{name}"), folder / "check" / name)
    teardown()
    assert server.status()["unknown"] == []
    command = [sys.executable, "-m", "wandb_local", "verify", "--data", str(server.data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def check_run(api, told):
    run = api.run(f"local/killed/{told['run']}")
    assert (run.state, run.config) == ("finished", {"number": told["number"]})
    rows = [(row["_step"], row["a"], row["b"]) for row in run.scan_history()]
    assert rows == [(step, step, step * told["number"]) for step in range(STEPS)]
    assert (run.summary["a"], run.summary["b"]) == (STEPS - 1, (STEPS - 1) * told["number"])
    assert {"wandb-summary.json", "config.yaml", "wandb-metadata.json"} <= {file.name for file in run.files()}
    assert [artifact.name for artifact in run.logged_artifacts()] == [told["artifact"]]


def check_version(version, folder):
    """Two runs have logged its content: the same version."""
    version.verify(root=version.download(root=str(folder), skip_cache=True))
    (half,) = {run.config["number"] // 2 for run in version.used_by() or [version.logged_by()]}
    assert (folder / "1.txt").read_text() == f"{half} " * 50 + "1"


def test_nothing_that_was_acknowledged_is_lost(server, writers, tmp_path, monkeypatch):
    chance, kills, cut_short, began = random.Random(7), 0, 0, time.monotonic()
    while (len(writers.told) < 20 or cut_short < 5 or kills < 15) and time.monotonic() < began + PATIENCE:
        time.sleep(chance.uniform(0.05, 2.5))
        cleaner = collect(server) if kills % 2 else None
        time.sleep(chance.uniform(0, 0.3))
        cut_short += cleaner is not None and cleaner.is_alive()
        server.kill()
        kills += 1
        if cleaner is not None:
            cleaner.join()
        litter(server.data)
        server.start()
    assert writers.end() == [0] * 4
    server.ask("/gc", b'{"grace": 3600}')
    assert (kills >= 15, cut_short >= 5, len(writers.told) >= 20) == (True, True, True), (kills, cut_short)
    check_all(server, writers.environment, writers.told, tmp_path, monkeypatch)


def take_back(path, version):
    """Make the records those of an earlier schema, as far as that knows what is in them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wandb_local.store.database.MIGRATIONS", MIGRATIONS[:version])
        Database(path.with_name("earlier")).close()
    with contextlib.closing(sqlite3.connect(path.with_name("earlier"))) as records:
        records.execute("ATTACH ? AS later", (str(path),))
        for (table,) in records.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
            found = [row[1] for row in records.execute(f"PRAGMA main.table_info({table})")]
            columns = ", ".join(found)
            records.execute(f"DELETE FROM main.{table}")
            records.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM later.{table}")
        records.commit()
    for place in path.parent.glob("records.sqlite3*"):
        place.unlink()
    path.with_name("earlier").rename(path)


def kill_in_the_midst(server, log, size):
    """Start the server and kill it once it has written so much."""
    command = [sys.executable, "-m", "wandb_local", "serve", "--port", str(server.port), "--data", str(server.data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and (not log.exists() or log.stat().st_size <= size):
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL


def test_a_migration_that_is_killed_loses_nothing(server, writers, tmp_path, monkeypatch):
    deadline = time.monotonic() + PATIENCE
    while len(writers.told) < 8 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert writers.end() == [0] * 4
    server.stop()
    path = server.data / "records.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as records, records:
        rows = ((number, number, '{"x": "' + "x" * 300 + '"}') for number in range(100_000, 180_000))
        records.executemany("INSERT INTO history (run_id, number, step, line) VALUES (1, ?, ?, ?)", rows)
    take_back(path, 3)
    size, kills = path.stat().st_size, 10
    for number in range(kills):
        kill_in_the_midst(server, path.with_name("records.sqlite3-wal"), size * number // (2 * kills))
        with contextlib.closing(sqlite3.connect(path)) as records:
            assert records.execute("PRAGMA user_version").fetchone() == (3,)
            assert records.execute("SELECT count(*) FROM history WHERE number >= 100000").fetchone() == (80_000,)
    server.start()
    with contextlib.closing(sqlite3.connect(path)) as records, records:
        assert records.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        records.execute("DELETE FROM history WHERE number >= 100000")
    assert len(writers.told) >= 8
    check_all(server, writers.environment, writers.told, tmp_path, monkeypatch)
