"""Agents of sweeps against the server. A part of `benchmarks.server`."""

from __future__ import annotations

import concurrent.futures
import json
import time
from pathlib import Path
from typing import Any

from benchmarks.served import BEAT, REGISTER, Server, client

AGENT = """
import sys, wandb
def train():
    with wandb.init() as run:
        run.log({"loss": run.config["x"]})
wandb.agent(sys.argv[1], function=train, count=100, project="swept", entity="local")
"""
SWEEP = 'mutation($c:String){upsertSweep(input:{projectName:"swept",config:$c}){sweep{id name}}}'
CONFIG = "method: random\nparameters: {x: {min: 0.0, max: 1.0}}\n"
AGENTS, TRIAL_ROWS = 200, 30
TRIAL = """mutation($n:String,$s:String,$h:String) {
    upsertBucket(input:{modelName:"swept",name:$n,host:$h,sweep:$s}) { inserted }
}"""
EARLY = """
method: random
metric: {name: loss, goal: minimize}
early_terminate: {type: hyperband, min_iter: 5}
parameters: {x: {min: 0.0, max: 1.0}}
"""


def heartbeats(server: Server, count: int = 2000, threads: int = 4) -> float:
    """Heartbeats per second of agents that are all busy with a run."""
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


def early_termination(server: Server, trials: int, beats: int = 40) -> float:
    """Time of a heartbeat of one of 200 agents whose trial has just logged a row, while other trials have ended."""
    connection = server.connect()
    sweep = server.graphql(connection, SWEEP, c=EARLY)["upsertSweep"]["sweep"]["name"]
    agents = [server.graphql(connection, REGISTER, s=sweep)["createAgent"]["agent"]["id"] for _ in range(AGENTS)]

    def beat(agent: str, state: dict[str, bool]) -> list[dict[str, Any]]:
        answer = server.graphql(connection, BEAT, a=agent, r=json.dumps(state))
        commands: list[dict[str, Any]] = json.loads(answer["agentHeartbeat"]["commands"])
        return commands

    with concurrent.futures.ThreadPoolExecutor(8) as pool:  # whose messages share a look at the disk
        list(pool.map(lambda number: _ended(server, sweep, number), range(trials - AGENTS)))
    running = [command["run_id"] for agent in agents for command in beat(agent, {})]
    for name in running:
        server.graphql(connection, TRIAL, n=name, s=sweep, h="h")
        log(server, connection, f"swept/{name}", 0, _rows(TRIAL_ROWS))
    seconds: list[float] = []
    for number in range(beats + 1):
        log(server, connection, f"swept/{running[number]}", TRIAL_ROWS, _rows(1))
        before = server.cpu()
        beat(agents[number], {running[number]: True})
        seconds.append(server.cpu() - before)
    return sum(seconds[1:]) / beats  # the first one reads trials that no search has read


def _ended(server: Server, sweep: str, number: int) -> None:
    """A trial that has ended, and comes into the sweep then: each end within it is a heartbeat's work."""
    connection, name = server.connect(), f"t{number}"
    server.graphql(connection, TRIAL, n=name, h="h")
    log(server, connection, f"swept/{name}", 0, _rows(TRIAL_ROWS, number * 7919 % 997), complete=True, exitcode=0)
    server.graphql(connection, TRIAL, n=name, s=sweep)
    connection.close()


def _rows(count: int, loss: float = 500) -> list[dict[str, Any]]:
    return [{"_step": step, "loss": loss + 1 / (step + 1)} for step in range(count)]


def log(server: Server, connection: Any, path: str, offset: int, records: list[dict[str, Any]], **more: Any) -> None:
    """Send rows of history, the first of which has the number ``offset``, as a client does."""
    lines = {"offset": offset, "content": [json.dumps(record) for record in records]}
    message = {"files": {"wandb-history.jsonl": lines}, **more}
    server.post(connection, f"/files/local/{path}/file_stream", message)
