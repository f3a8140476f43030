"""The server is killed again and again while clients write; what they were told is stored must be there, once."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import wandb

from tests.wandb_local.process import ROOT, Server, client_environment

KILLS = 50
WRITER = """
import json, os, sys, time, wandb
name, stop, project = sys.argv[1:]
settings = wandb.Settings(init_timeout=300, x_file_stream_transmit_interval=0.2, x_graphql_retry_wait_max_seconds=2,
                          x_file_stream_retry_wait_max_seconds=2, x_file_transfer_retry_wait_max_seconds=2)
number = 0
while not os.path.exists(stop):
    number += 1
    run_id, text = f"{name}-{number}", f"{name} {number} " * 50
    try:
        with wandb.init(project=project, id=run_id, config={"number": number}, settings=settings) as run:
            for step in range(120):
                run.log({"a": step, "b": step * number})
                time.sleep(0.02)
            artifact = wandb.Artifact(f"data-{name}", "dataset", metadata={"number": number})
            for part in range(3):
                with artifact.new_file(f"{part}.txt") as file:
                    file.write(f"{text}{part}")
            run.log_artifact(artifact).wait()
    except wandb.errors.AuthenticationError:  # the client could not ask about its key in time: no run has begun
        number -= 1
        continue
    print(json.dumps({"run": run_id, "number": number, "artifact": f"data-{name}:{artifact.version}"}), flush=True)
"""


def start_writers(environment, folder, project, names):
    writers = []
    for name in names:
        home = folder / name
        home.mkdir()
        log = (home / "log").open("w")
        command = [sys.executable, "-c", WRITER, name, str(folder / "stop"), project]
        variables = {**os.environ, **environment, "WANDB_DIR": str(home), "PYTHONPATH": str(ROOT)}
        writers.append(
            subprocess.Popen(command, env=variables, cwd=home, stdout=subprocess.PIPE, stderr=log, text=True)
        )
        log.close()
    return writers


def kill_again_and_again(server, seed):
    chance = random.Random(seed)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 2.5))
        server.kill()
        server.start()


def check_run(api, project, told):
    run = api.run(f"local/{project}/{told['run']}")
    assert (run.state, run.config) == ("finished", {"number": told["number"]})
    rows = list(run.scan_history())
    assert [(row["_step"], row["a"], row["b"]) for row in rows] == [(n, n, n * told["number"]) for n in range(120)]
    assert (run.summary["a"], run.summary["b"]) == (119, 119 * told["number"])
    assert {"wandb-summary.json", "config.yaml", "wandb-metadata.json"} <= {file.name for file in run.files()}
    assert [artifact.name for artifact in run.logged_artifacts()] == [told["artifact"]]


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_nothing_that_was_acknowledged_is_lost(tmp_path, monkeypatch, request):
    server = Server(tmp_path)
    request.addfinalizer(server.stop)
    server.start()
    environment = client_environment(server, tmp_path / "home")
    writers = start_writers(environment, tmp_path, "killed", ["w0", "w1", "w2", "w3"])
    try:
        kill_again_and_again(server, seed=7)
        (tmp_path / "stop").touch()
        told = [json.loads(line) for writer in writers for line in writer.communicate(timeout=600)[0].splitlines()]
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
    assert [writer.returncode for writer in writers] == [0] * 4
    assert len(told) >= 4
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    wandb.teardown()
    api = wandb.Api()
    for number, entry in enumerate(told):
        check_run(api, "killed", entry)
        version = api.artifact(f"local/killed/{entry['artifact']}")
        version.verify(root=version.download(root=str(tmp_path / "check" / str(number)), skip_cache=True))
        assert version.metadata["number"] == entry["number"]
    wandb.teardown()
    assert server.status()["unknown"] == []
