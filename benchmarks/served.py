"""A real server for the benchmarks, timed requests and rows of the table."""

import base64
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from files.markdown import markdown_line, markdown_table

UPSERT = 'mutation($n:String){upsertBucket(input:{modelName:"many",name:$n,host:"h"}){inserted}}'
REGISTER = 'mutation($s:String){createAgent(input:{projectName:"swept",sweep:$s,host:"h"}){agent{id}}}'
BEAT = "mutation($a:ID!,$r:JSONString){agentHeartbeat(input:{id:$a,runState:$r}){commands}}"


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


def head() -> None:
    """Print the head of the table."""
    print(markdown_table(["what", "measured", "limit", "kept"], []), flush=True)


def row(what: str, value: float, limit: float, unit: str, at_least: bool = False) -> None:
    """Print one line of the table."""
    kept = value >= limit if at_least else value <= limit
    bound = f"{'>=' if at_least else '<='} {limit:g}"
    print(markdown_line([what, f"{value:.3g} {unit}", f"{bound} {unit}", "yes" if kept else "NO"]), flush=True)
