"""Runs that are preempted: their states, and that their sweep hands them out again, as W&B does."""

import contextlib
import json
import sqlite3
from typing import Any

import pytest
import wandb

from tests.wandb_local.process import AGENT
from tests.wandb_local.test_agents import make_sweep
from tests.wandb_local.test_sweeps import heartbeat, make_agent

pytestmark = [
    pytest.mark.usefixtures("server"),
    pytest.mark.filterwarnings("ignore:Read the `app_url` setting:DeprecationWarning"),  # wandb.sweep warns of itself
]
UPSERT = "mutation($p:String,$n:String,$h:String){upsertBucket(input:{modelName:$p,name:$n,host:$h}){bucket{id}}}"
GRID = {"x": {"values": [1, 2]}}


def tell(server, project, run, **message):
    """What a client sends to the file stream."""
    server.ask(f"/files/local/{project}/{run}/file_stream", json.dumps(message).encode())


def state_of(project, run):
    """The state by the run itself and by a filter, which have to agree."""
    found = wandb.Api().run(f"local/{project}/{run}").state
    assert [hit.id for hit in wandb.Api().runs(f"local/{project}", {"state": found, "name": run})] == [run]
    return found


def fall_silent(server, *runs):
    """Put the runs' last sign of life ten minutes back."""
    with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as records, records:
        marks = ", ".join("?" * len(runs))
        records.execute(f"UPDATE runs SET heartbeat_at = heartbeat_at - 600 WHERE name IN ({marks})", runs)


ROWS: dict[str, Any] = {"files": {"wandb-history.jsonl": {"offset": 0, "content": ['{"_step": 0, "a": 1}']}}}
MARK = {"preempting": True}


@pytest.mark.parametrize(
    ("messages", "states"),
    [
        ([ROWS, MARK, ROWS], ["running", "preempting", "preempting"]),
        ([MARK, {"complete": True, "exitcode": 0}], ["preempting", "finished"]),
        ([MARK, ROWS, {"complete": True, "exitcode": 7}], ["preempting", "preempting", "preempted"]),
        ([MARK, {"complete": True, "exitcode": 1}, ROWS], ["preempting", "preempted", "preempted"]),
        ([{"complete": True, "exitcode": 7}], ["failed"]),
        ([MARK | {"complete": True, "exitcode": 0}], ["finished"]),
    ],
)
def test_what_was_said_once_counts_until_the_end(server, project, messages, states):
    server.graphql(UPSERT, p=project, n="r", h="h")
    found = []
    for message in messages:
        tell(server, project, "r", **message)
        found.append(state_of(project, "r"))
    assert found == states


@pytest.mark.parametrize(("messages", "state"), [([ROWS], "crashed"), ([MARK], "preempted")])
def test_a_run_that_fell_silent(server, project, messages, state):
    server.graphql(UPSERT, p=project, n=f"silent-{project}", h="h")
    for message in messages:
        tell(server, project, f"silent-{project}", **message)
    fall_silent(server, f"silent-{project}")
    assert state_of(project, f"silent-{project}") == state


@pytest.mark.parametrize(("mark", "exitcode", "state"), [({}, 255, "killed"), (MARK, 1, "killed"), ({}, 0, "finished")])
def test_a_run_that_was_stopped_is_killed(server, project, mark, exitcode, state):
    server.graphql(UPSERT, p=project, n="r", h="h")
    tell(server, project, "r", **mark)
    wandb.Api().run(f"local/{project}/r").stop()
    tell(server, project, "r", complete=True, exitcode=exitcode)
    assert state_of(project, "r") == state


def started(server, project, agent):
    """The run that an agent was told to run, and has begun to."""
    (command,) = heartbeat(server, agent)
    server.graphql(UPSERT, p=project, n=command["run_id"], h="h")
    tell(server, project, command["run_id"], **ROWS)
    assert heartbeat(server, agent, **{command["run_id"]: True}) == []
    return command


@pytest.mark.parametrize("end", ["exit code", "vanished", "silent"])
def test_a_preempted_run_comes_before_new_ones_and_keeps_its_sweep_open(server, project, end):
    path = make_sweep(project, "grid", GRID)
    sweep = path.rpartition("/")[2]
    agents = [make_agent(server, project, sweep) for _ in range(2)]
    first = started(server, project, agents[0])
    run = first["run_id"]
    tell(server, project, run, **MARK)
    if end == "exit code":
        tell(server, project, run, complete=True, exitcode=7)
    if end == "silent":
        fall_silent(server, run)
    else:
        assert heartbeat(server, agents[0])[0] == first | {"type": "resume"}
        tell(server, project, run, **ROWS, **MARK)
        fall_silent(server, run)  # once more, on another machine
    assert state_of(project, run) == "preempted"
    again = started(server, project, agents[1])
    assert again == first | {"type": "resume"}
    assert state_of(project, run) == "running"
    other = started(server, project, agents[0])
    assert other["args"] != first["args"]
    tell(server, project, other["run_id"], complete=True, exitcode=0)
    tell(server, project, run, **MARK)
    tell(server, project, run, complete=True, exitcode=1)
    assert wandb.Api().sweep(path).state == "RUNNING"
    third = make_agent(server, project, sweep)
    assert started(server, project, third) == again
    tell(server, project, run, complete=True, exitcode=0)
    assert heartbeat(server, third) == [{"type": "exit"}]
    assert (state_of(project, run), wandb.Api().sweep(path).state) == ("finished", "FINISHED")


def test_a_preempted_run_that_is_stopped_is_not_handed_out(server, project):
    path = make_sweep(project, "grid", GRID)
    agent = make_agent(server, project, path.rpartition("/")[2])
    run = started(server, project, agent)["run_id"]
    tell(server, project, run, **MARK)
    tell(server, project, run, complete=True, exitcode=1)
    wandb.Api().run(f"local/{project}/{run}").stop()
    assert heartbeat(server, agent)[0]["run_id"] != run
    assert state_of(project, run) == "killed"


@pytest.mark.soak
def test_real_agents_run_what_was_preempted_again(run_client, project, tmp_path):
    """Each run says at its first start that it is being preempted, logs on, and ends with code 7 or is killed."""
    (tmp_path / "train.py").write_text(
        "import os, pathlib, sys, time, wandb\n"
        "with wandb.init(settings=wandb.Settings(x_file_stream_transmit_interval=0.2)) as run:\n"
        "    run.log({'loss': 1.0})\n"
        "    seen = pathlib.Path(f'seen-{run.config.x}')\n"
        "    if not seen.exists():\n"
        "        seen.touch()\n"
        "        run.mark_preempting()\n"
        "        time.sleep(0.5)\n"
        "        run.log({'loss': 2.0})\n"
        "        time.sleep(0.5)\n"
        "        if run.config.x == 1:\n"
        "            os.kill(os.getpid(), 9)\n"
        "        run.finish(exit_code=7)\n"
        "        os._exit(7)\n"
    )
    path = make_sweep(project, "grid", GRID)
    run_client("agent", path, code=AGENT)
    sweep = wandb.Api().sweep(path)
    assert [(run.config["x"], run.state) for run in sweep.runs] == [(1, "finished"), (2, "finished")]
    assert [[row["loss"] for row in run.scan_history()] for run in sweep.runs] == [[1.0], [1.0]]
    assert sweep.state == "FINISHED"


def test_a_preempted_run_is_resumed(server, project):
    with contextlib.suppress(SystemExit):
        run = wandb.init(project=project, id="back")
        run.log({"a": 0})
        run.mark_preempting()
        run.finish(exit_code=1)
    assert state_of(project, "back") == "preempted"
    with wandb.init(project=project, id="back", resume="must") as run:
        assert state_of(project, "back") == "running"
        run.log({"a": 1})
    assert [row["a"] for row in wandb.Api().run(f"local/{project}/back").scan_history()] == [0, 1]
    assert state_of(project, "back") == "finished"
