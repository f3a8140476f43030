"""Sweeps through the real ``wandb sweep`` and ``wandb agent`` against a real server."""

import contextlib
import itertools
import json
import os
import re
import sqlite3
import subprocess
import sys
import urllib.error
from typing import Any

import pytest
import wandb
import yaml

from tests.wandb_local.process import AGENT, ROOT, Server

pytestmark = [
    pytest.mark.usefixtures("server"),
    pytest.mark.filterwarnings("ignore:Read the `app_url` setting:DeprecationWarning"),  # wandb.sweep warns of itself
]

SCRIPT = """
import sys, wandb
with wandb.init() as run:
    for step in range(3):
        run.log({"loss": run.config.lr * (step + 1)})
"""
GRID = {
    "program": "train.py",
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"lr": {"values": [1.0, 2.0]}, "size": {"values": ["s", "m"]}},
}


def write_sweep(folder, config):
    (folder / "train.py").write_text(SCRIPT)
    (folder / "sweep.yaml").write_text(yaml.safe_dump(config))


def create(run_client, project, *options):
    done = run_client("sweep", "-p", project, "-e", "local", *options, "sweep.yaml", WANDB_SILENT="false")
    found = re.search(r"wandb agent (\S+)", done.stderr + done.stdout)
    assert found, done.stderr
    return found[1]


def points(sweep):
    return sorted((run.config["lr"], run.config["size"]) for run in sweep.runs)


def heartbeat(server, agent, **running):
    query = "mutation($id:ID!,$r:JSONString){agentHeartbeat(input:{id:$id,runState:$r}){commands}}"
    return json.loads(server.graphql(query, id=agent, r=json.dumps(running))["agentHeartbeat"]["commands"])


def make_agent(server, project, sweep):
    query = 'mutation($p:String,$s:String!){createAgent(input:{host:"h",projectName:$p,sweep:$s}){agent{id}}}'
    return server.graphql(query, p=project, s=sweep)["createAgent"]["agent"]["id"]


@pytest.mark.soak
def test_a_grid_by_two_agents_hands_out_every_point_once(run_client, client_home, project, tmp_path):
    numbers: dict[str, Any] = {"lr": {"distribution": "q_uniform", "min": 1.0, "max": 3.0, "q": 1.0}}
    write_sweep(tmp_path, GRID | {"parameters": numbers | {"size": {"values": ["s", "m"]}}})
    path = create(run_client, project, "--name", "my sweep")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    environment = {**inherited, **client_home, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", AGENT, "agent", path]
    with (tmp_path / "agents.log").open("w") as log:
        agents = [subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log) for _ in range(2)]
        assert [agent.wait(timeout=200) for agent in agents] == [0, 0]
    sweep = wandb.Api().sweep(path)
    log_text = (tmp_path / "agents.log").read_text()
    assert points(sweep) == sorted(itertools.product([1.0, 2.0], ["s", "m"])), log_text
    assert {run.state for run in sweep.runs} == {"finished"}
    assert (sweep.state, sweep.name, sweep.expected_run_count) == ("FINISHED", "my sweep", 4)
    assert sweep.best_run().config["lr"] == 1.0
    assert len(sweep.agents()) == 2
    assert sum(len(list(agent.runs())) for agent in sweep.agents()) == 4


def test_update_changes_what_is_searched(run_client, server, project, tmp_path):
    sweep_id = wandb.sweep(dict(GRID), project=project, entity="local")
    agent = make_agent(server, project, sweep_id)
    write_sweep(tmp_path, GRID | {"parameters": {"lr": {"value": 9.0}, "size": {"value": "l"}}})
    create(run_client, project, "--update", f"local/{project}/{sweep_id}")
    assert heartbeat(server, agent)[0]["args"] == {"lr": {"value": 9.0}, "size": {"value": "l"}}


def test_prior_runs_count_for_the_search(run_client, server, project, tmp_path):
    with wandb.init(project=project, id="before", config={"lr": 1.0, "size": "s"}) as run:
        run.log({"loss": 5.0})
    write_sweep(tmp_path, GRID)
    path = create(run_client, project, "-R", "before")
    (command,) = heartbeat(server, make_agent(server, project, path.split("/")[-1]))
    assert command["args"] == {"lr": {"value": 1.0}, "size": {"value": "m"}}
    assert "before" in {run.id for run in wandb.Api().sweep(path).runs}


def test_run_cap_ends_the_sweep(server, project):
    config = {"method": "random", "run_cap": 2, "parameters": {"lr": {"min": 0.0, "max": 1.0}}}
    sweep_id = wandb.sweep(config, project=project, entity="local")
    agents = [make_agent(server, project, sweep_id) for _ in range(3)]
    kinds = [heartbeat(server, agent)[0]["type"] for agent in agents]
    assert kinds == ["run", "run", "exit"]
    assert wandb.Api().sweep(f"local/{project}/{sweep_id}").expected_run_count == 2


def test_a_lost_answer_is_given_again_once(server, project):
    sweep_id = wandb.sweep(dict(GRID), project=project, entity="local")
    agent = make_agent(server, project, sweep_id)
    first, again, after = (heartbeat(server, agent)[0] for _ in range(3))
    assert first == again
    assert after["run_id"] != first["run_id"]


def test_a_run_that_vanished_is_not_waited_for(server, project):
    sweep_id = wandb.sweep(dict(GRID) | {"run_cap": 1}, project=project, entity="local")
    agent = make_agent(server, project, sweep_id)
    (first,) = heartbeat(server, agent)
    assert heartbeat(server, agent, **{first["run_id"]: True}) == []
    assert heartbeat(server, agent) == [{"type": "exit"}]
    assert wandb.Api().run(f"local/{project}/{first['run_id']}").state == "failed"
    assert wandb.Api().sweep(f"local/{project}/{sweep_id}").state == "FINISHED"


def test_a_sweep_whose_runs_diverged_can_be_read(server, project):
    sweep_id = wandb.sweep(dict(GRID), project=project, entity="local")
    (command,) = heartbeat(server, make_agent(server, project, sweep_id))
    query = "query($p:String,$s:String!){project(name:$p){sweep(sweepName:$s){bestLoss}}}"
    for loss, best in (("NaN", None), ("Infinity", None), ("-Infinity", None), ("2.5", 2.5)):
        body = {"files": {"wandb-summary.json": {"offset": 0, "content": [f'{{"loss": {loss}}}']}}}
        server.ask(f"/files/local/{project}/{command['run_id']}/file_stream", json.dumps(body).encode())
        assert server.graphql(query, p=project, s=sweep_id)["project"]["sweep"]["bestLoss"] == best
        assert wandb.Api().sweep(f"local/{project}/{sweep_id}").state == "RUNNING"


@pytest.mark.parametrize(
    ("rule", "last", "stopped"),
    [
        ({"min_iter": 2, "eta": 2}, [4.0, 4.0, 4.0], True),
        ({"min_iter": 4, "eta": 2}, [4.0, 4.0, 4.0], False),
        ({"max_iter": 4, "s": 1, "eta": 2}, [4.0, 4.0, 4.0], True),
        ({"min_iter": 2, "eta": 2}, [0.5, 4.0, 4.0], False),
        ({"min_iter": 2, "eta": 2, "strict": True}, [0.5, 4.0, 4.0], True),
    ],
)
def test_hyperband_stops_the_worst_run(server, project, rule, last, stopped):
    config = dict(GRID) | {"early_terminate": {"type": "hyperband", **rule}}
    sweep_id = wandb.sweep(config, project=project, entity="local")
    agents = [make_agent(server, project, sweep_id) for _ in range(4)]
    names = [heartbeat(server, agent)[0]["run_id"] for agent in agents]
    for name, losses in zip(names, [[1.0] * 3, [2.0] * 3, [3.0] * 3, last], strict=True):
        lines = [json.dumps({"_step": step, "loss": loss}) for step, loss in enumerate(losses)]
        body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": lines}}}
        server.ask(f"/files/local/{project}/{name}/file_stream", json.dumps(body).encode())
    answers = [heartbeat(server, agent, **{name: True}) for agent, name in zip(agents, names, strict=True)]
    assert answers == [[], [], [], [{"type": "stop", "run_id": names[3]}] if stopped else []]
    heartbeat(server, agents[3])
    assert wandb.Api().run(f"local/{project}/{names[3]}").state == ("killed" if stopped else "crashed")


def four_suggestions(server, restarts):
    """What four agents are told to run by a random sweep with a fixed seed."""
    config = yaml.safe_dump(dict(GRID) | {"method": "random", "parameters": {"lr": {"min": 0.0, "max": 1.0}}})
    create_sweep = 'mutation($c:String){upsertSweep(input:{projectName:"p",config:$c}){sweep{name}}}'
    sweep = server.graphql(create_sweep, c=config)["upsertSweep"]["sweep"]["name"]
    with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as records, records:
        records.execute("UPDATE sweeps SET seed = 7")
    args = []
    for _ in range(4):
        if restarts:
            server.kill()
            server.start()
        args.append(heartbeat(server, make_agent(server, "p", sweep))[0]["args"]["lr"]["value"])
    return args


@pytest.mark.soak
def test_the_search_survives_a_restart_of_the_server(tmp_path):
    """The same answers come from a server that was killed between any two of them."""
    handed_out = []
    for restarts in (False, True):
        folder = tmp_path / str(restarts)
        folder.mkdir()
        with Server(folder) as server:
            handed_out.append(four_suggestions(server, restarts))
    assert handed_out[0] == handed_out[1]
    assert len(set(handed_out[0])) == 4


def test_an_invalid_configuration_is_refused_with_its_key(project):
    config = {"method": "grid", "parameters": {"lr": {"distribution": "uniform", "min": 1.0, "max": 0.0}}}
    with pytest.raises(Exception, match=r"parameters\.lr"):
        wandb.sweep(config, project=project, entity="local")


@pytest.mark.parametrize("value", [float("inf"), [float("nan")]])
def test_values_that_no_agent_can_be_told_are_refused_with_their_key(project, value):
    config = {"method": "random", "parameters": {"lr": {"value": 1.0}, "clip": {"values": [1.0, value]}}}
    with pytest.raises(Exception, match=r"parameters\.clip: .*finite"):
        wandb.sweep(config, project=project, entity="local")


def test_a_deleted_agent_or_sweep_is_a_404(server):
    with pytest.raises(urllib.error.HTTPError) as caught:
        heartbeat(server, "QWdlbnQ6OTk5OTk5")
    assert caught.value.code == 404
    caught.value.close()
