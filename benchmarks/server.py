"""How fast the local W&B server handles what the real client sends, compared with the project's limits.

    python -m benchmarks.server [--agents]

Client and server share the machine. `--agents` adds 8 sweep agents with 100 short runs each. That takes more than 10
minutes, because an agent asks for work every 5 seconds.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
from pathlib import Path

from benchmarks.growth import growing
from benchmarks.many_runs import many_runs
from benchmarks.served import UPSERT, Server, head, row, serving, timed
from benchmarks.sweeps import agents, heartbeats

LOG = """
import sys, time, wandb
started = time.perf_counter()
with wandb.init(project="log") as run:
    ready = time.perf_counter()
    for step in range(int(sys.argv[1])):
        run.log({"loss": 1 / (step + 1), "step": step, "lr": 0.1})
print(time.perf_counter() - ready)
"""
ARTIFACT = """
import sys, time, wandb
with wandb.init(project="artifact") as run:
    started = time.perf_counter()
    artifact = wandb.Artifact("data", "dataset")
    artifact.add_dir(sys.argv[1])
    run.log_artifact(artifact).wait()
    print(time.perf_counter() - started)
"""
FETCH = """
import sys, time, wandb
api = wandb.Api()
started = time.perf_counter()
api.artifact("local/artifact/data:latest").download(root=sys.argv[1])
print(time.perf_counter() - started)
"""
LIST = """
import time, wandb
api = wandb.Api()
started = time.perf_counter()
assert len(list(api.runs("local/many", per_page=500))) == 2000
print(time.perf_counter() - started)
"""


def write_files(folder: Path, round_: int) -> str:
    """50 files, 40 MB in all, other ones in every round."""
    source = folder / f"source-{round_}"
    source.mkdir()
    for number in range(50):
        (source / f"{number}.bin").write_bytes(os.urandom(40_000_000 // 50))
    return str(source)


def fill(server: Server) -> None:
    """2,000 runs of 1,000 rows."""
    connection = server.connect()
    lines = [json.dumps({"_step": step, "_runtime": step / 10, "loss": 1 / (step + 1)}) for step in range(1000)]
    files = {"wandb-history.jsonl": {"offset": 0, "content": lines}}
    files["wandb-summary.json"] = {"offset": 0, "content": ['{"loss": 0.001}']}
    for number in range(2000):
        server.graphql(connection, UPSERT, n=f"r{number}")
        body = {"files": files, "complete": True, "exitcode": 0}
        server.post(connection, f"/files/local/many/r{number}/file_stream", body)


def main() -> None:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description="Speed of the local W&B server")
    parser.add_argument("--agents", action="store_true", help="also 8 agents with 100 runs each (10 minutes and more)")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start\n")
    head()
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
        home = Path(name)
        row("1,000 run.log and finish", timed(server, home / "a", LOG, "1000"), 2, "s")
        row("10,000 run.log and finish", timed(server, home / "b", LOG, "10000"), 8, "s")
        logged, fetched = [], []
        for number in range(3):
            logged.append(timed(server, home / f"c{number}", ARTIFACT, write_files(home, number), repeat=1))
            fetched.append(timed(server, home / f"d{number}", FETCH, str(home / f"fetched{number}"), repeat=1))
        row("artifact of 50 files, 40 MB, logged", statistics.median(logged), 1, "s")
        row("the same fetched, cold cache", statistics.median(fetched), 1.5, "s")
        row("heartbeats", heartbeats(server), 200, "/s", at_least=True)
        fill(server)
        row("listing 2,000 runs", timed(server, home / "e", LIST), 2, "s")
        row("memory with 2,000 runs of 1,000 rows", server.memory(), 300, "MB")
        many_runs(home)
        growing(home)
        if options.agents:
            row("8 agents, 100 runs each: errors", agents(server, home / "f"), 0, "")


if __name__ == "__main__":
    main()
