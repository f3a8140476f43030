"""A run that is killed goes on, to the same weights and with every epoch on the server."""

import contextlib
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
import torch

from tests.train.started import ROOT, command, only, run, variables, weights
from tests.wandb_local.process import Server

RESUMED = ["--epochs=4", "--ema=0.8", "--augment=color"]


def killed(words, environment, epochs, delay):
    """Starts a run and kills it `delay` seconds after its line of that many epochs, of 0 epochs after its start."""
    process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + 200
    assert process.stdout is not None
    for line in process.stdout if epochs else ():
        if line.startswith(f"epoch {epochs:3d}/") or time.monotonic() > end:
            break
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The weights of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    run(command(data, folder / "runs", *RESUMED), variables(folder))
    return weights(only(folder / "runs"))


@pytest.mark.soak
@pytest.mark.parametrize(("epochs", "delay"), [(1, 0.7), (3, 0.0)])
def test_a_run_killed_at_any_moment_resumes_to_the_same_weights(whole, data, tmp_path, environment, epochs, delay):
    killed(command(data, tmp_path / "cut", *RESUMED), environment, epochs, delay)
    folder = only(tmp_path / "cut")
    assert not (folder / "model.safetensors").exists()
    run([sys.executable, "train.py", "--resume", str(folder)], environment)
    resumed = weights(folder)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(value, resumed[key]) for key, value in whole.items())


def way_to(server):
    """Variables that send a client to a server."""
    return {"WANDB_MODE": "online", "WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.key}


def epochs_on(server, run_id):
    """The epochs of the rows that a server has of a run, in their order; those of the tables stand at the last one."""
    with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as database:
        sql = "SELECT line FROM history JOIN runs ON runs.id = run_id WHERE name = ? ORDER BY number"
        rows = [json.loads(line) for (line,) in database.execute(sql, (run_id,))]
    assert {row["epoch"] for row in rows if "val/edge_cases" in row} == {8}
    return [row["epoch"] for row in rows if "train/loss" in row]


STORM = [(1, 0.0), (0, 8.0), (4, 0.02), (8, 1.0)]  # the second before it trains, the last while it evaluates


def storm(data, folder, environment):
    """A training of 8 epochs that is killed again and again; its folder, and what the last process printed."""
    words = command(data, folder / "runs", "--epochs=8", "--crp=true")
    for epochs, delay in STORM:
        killed(words, environment, epochs, delay)
        words = [sys.executable, "train.py", "--resume", str(only(folder / "runs"))]
    return only(folder / "runs"), run(words, environment).stdout


@pytest.mark.soak
def test_a_server_has_every_epoch_of_a_run_that_was_killed_once_and_in_order(data, tmp_path, environment):
    with Server(tmp_path) as server:
        folder, _ = storm(data, tmp_path, environment | way_to(server))
        assert epochs_on(server, folder.name) == list(range(1, 9))


@pytest.mark.soak
def test_a_run_that_was_killed_offline_comes_whole_by_sync_and_by_import(data, tmp_path, environment):
    folder, said = storm(data, tmp_path, environment)
    with Server(tmp_path) as server:
        online = environment | way_to(server) | {"WANDB_DIR": str(tmp_path)}
        words = shlex.split(said.partition("to send it to a server: wandb ")[2].splitlines()[0])
        for _ in range(2):
            done = run([sys.executable, "-m", "wandb", *words], online)
            assert "ERROR" not in done.stdout + done.stderr
            assert epochs_on(server, folder.name) == list(range(1, 9))
            for mark in folder.glob("wandb/*/*.synced"):
                mark.unlink()
    (tmp_path / "other").mkdir()
    with Server(tmp_path / "other") as server:
        for verb in ("imported local/camvid/{}", "local/camvid/{} was already imported"):
            words = ["-m", "wandb_local", "import", "--data", str(server.data), str(tmp_path / "runs")]
            done = run([sys.executable, *words], environment)
            assert (done.stdout, done.stderr) == (verb.format(folder.name) + "\n", "")
            assert epochs_on(server, folder.name) == list(range(1, 9))
