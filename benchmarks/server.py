"""How fast the local W&B server takes what the real client sends, beside the limits that the project sets itself.

    python -m benchmarks.server [--agents]

Client and server share the machine. `--agents` adds 8 sweep agents with 100 short runs each, which takes 10 minutes and
more: an agent asks for work every 5 seconds.
"""

import argparse
import base64
import concurrent.futures
import contextlib
import http.client
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
AGENT = """
import sys, wandb
def train():
    with wandb.init() as run:
        run.log({"loss": run.config["x"]})
wandb.agent(sys.argv[1], function=train, count=100, project="swept", entity="local")
"""
UPSERT = 'mutation($n:String){upsertBucket(input:{modelName:"many",name:$n,host:"h"}){inserted}}'
SWEEP = 'mutation($c:String){upsertSweep(input:{projectName:"swept",config:$c}){sweep{id name}}}'
REGISTER = 'mutation($s:String){createAgent(input:{projectName:"swept",sweep:$s,host:"h"}){agent{id}}}'
BEAT = "mutation($a:ID!,$r:JSONString){agentHeartbeat(input:{id:$a,runState:$r}){commands}}"
CONFIG = "method: random\nparameters: {x: {min: 0.0, max: 1.0}}\n"


@dataclass(frozen=True)
class Server:
    """A server process and how to reach it."""

    process: "subprocess.Popen[str]"
    url: str
    key: str

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open."""
        return http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=60)

    def post(self, connection: http.client.HTTPConnection, path: str, body: Any) -> Any:
        """The JSON answer to a POST."""
        key = base64.b64encode(f"api:{self.key}".encode()).decode()
        headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text[:200]!r}")
        return json.loads(text)

    def graphql(self, connection: http.client.HTTPConnection, query: str, **variables: Any) -> Any:
        """The data of a GraphQL answer."""
        return self.post(connection, "/graphql", {"query": query, "variables": variables})["data"]

    def cpu(self) -> float:
        """Seconds that the process has computed so far."""
        parts = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MB that the process has resident now."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server on a data folder of its own."""
    command = [sys.executable, "-m", "wandb_local", "serve", "--port", "0", "--data", str(folder / "data")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip().partition("=")[2]
    key = (folder / "data" / "api_key").read_text().strip()  # which is printed to terminals alone
    try:
        yield Server(process, url, key)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def client(server: Server, home: Path, code: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start Python code with the client set to the server and with an empty cache."""
    home.mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    folders = {f"WANDB_{name}_DIR": str(home) for name in ("CACHE", "CONFIG", "DATA")} | {"WANDB_DIR": str(home)}
    settings = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.key, "WANDB_SILENT": "true"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, env=environment | folders | settings, stdout=subprocess.PIPE, text=True)


def timed(server: Server, home: Path, code: str, *arguments: str, repeat: int = 3) -> float:
    """Median of the seconds that the code prints."""
    seconds = []
    for number in range(repeat):
        process = client(server, home / str(number), code, *arguments)
        output, _ = process.communicate(timeout=600)
        if process.returncode != 0:
            raise RuntimeError(f"the client ended with {process.returncode}")
        seconds.append(float(output.split()[-1]))
    return statistics.median(seconds)


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


def heartbeats(server: Server, count: int = 2000, threads: int = 4) -> float:
    """Heartbeats in a second, of agents that are each busy with a run."""
    connection = server.connect()
    sweep = server.graphql(connection, SWEEP, c=CONFIG)["upsertSweep"]["sweep"]["name"]

    def beat(_: int) -> None:
        own = server.connect()
        agent = server.graphql(own, REGISTER, s=sweep)["createAgent"]["agent"]["id"]
        (command,) = json.loads(server.graphql(own, BEAT, a=agent, r="{}")["agentHeartbeat"]["commands"])
        for _ in range(count // threads):
            server.graphql(own, BEAT, a=agent, r=json.dumps({command["run_id"]: True}))

    started = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(beat, range(threads)))
    return count / (time.perf_counter() - started)


def agents(server: Server, home: Path) -> int:
    """Errors of 8 agents with 100 runs each."""
    sweep = server.graphql(server.connect(), SWEEP, c=CONFIG)["upsertSweep"]["sweep"]["name"]
    running = [client(server, home / str(number), AGENT, sweep) for number in range(8)]
    for process in running:
        process.communicate(timeout=3600)
    query = 'query($s:String!){project(name:"swept"){sweep(sweepName:$s){runs{edges{node{state}}}}}}'
    edges = server.graphql(server.connect(), query, s=sweep)["project"]["sweep"]["runs"]["edges"]
    finished = sum(edge["node"]["state"] == "finished" for edge in edges)
    return int(800 - finished + sum(process.returncode != 0 for process in running))


def row(what: str, value: float, limit: float, unit: str, at_least: bool = False) -> None:
    """Print one line of the table."""
    kept = value >= limit if at_least else value <= limit
    bound = f"{'>=' if at_least else '<='} {limit:g}"
    print(f"| {what} | {value:.3g} {unit} | {bound} {unit} | {'yes' if kept else 'NO'} |", flush=True)


def main() -> None:
    """Measure, print a table."""
    from benchmarks.growth import growing  # which need what is here
    from benchmarks.many_runs import many_runs

    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description="Speed of the local W&B server")
    parser.add_argument("--agents", action="store_true", help="also 8 agents with 100 runs each (10 minutes and more)")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start\n")
    print("| what | measured | limit | kept |\n|---|---|---|---|")
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
