"""Runs that several processes write (``mode="shared"``)."""

import json

import pytest
import wandb

from tests.wandb_local.test_preemption import fall_silent, state_of
from tests.wandb_local.test_runs import read

WRITER = """
import sys, wandb
from tests.wandb_local.test_writers import write
write(sys.argv[1], "two", x_primary=False, x_update_finish_state=False).finish()
"""


def write(project, label, **settings):
    """Start one writer of a run, and let it log under its own name and under one that all have."""
    config = {label: {"is": label}, "both": {label: 1}}
    chosen = wandb.Settings(mode="shared", x_label=label, **settings)
    run = wandb.init(project=project, id="shared", config=config, settings=chosen)
    for step in range(5):
        run.log({label: step, "same": f"{label} {step}"})
        print(label, step)
    run.summary[f"best {label}"] = 1
    return run


def test_a_run_with_several_writers_has_what_each_has_sent(server, run_client, project):
    with write(project, "one"):
        run_client(project, code=WRITER)  # comes and goes
        assert read(project, "shared").state == "running"
    found = read(project, "shared")
    assert found.state == "finished"
    assert found.config == {"one": {"is": "one"}, "two": {"is": "two"}, "both": {"one": 1, "two": 1}}
    wanted = {"one": 4, "two": 4, "best one": 1, "best two": 1}
    assert {key: found.summary[key] for key in wanted} == wanted
    everything = sorted((step, f"{label} {step}") for label in ("one", "two") for step in range(5))
    for size in (2, 1000):  # however the client asks for it
        assert sorted((row["_step"], row["same"]) for row in found.scan_history(page_size=size)) == everything
    lines = server.graphql(
        'query($p:String){project(name:$p){run(name:"shared"){logLines(first:99){edges{node{line}}}}}}', p=project
    )["project"]["run"]["logLines"]["edges"]
    printed = [line["node"]["line"] for line in lines]
    assert [line for line in printed if "two" in line] == [f"[two] two {step}" for step in range(5)]


def test_what_one_of_several_writers_sends_again_is_there_once(server, project):
    server.graphql('mutation($p:String){upsertBucket(input:{modelName:$p,name:"r",host:"h"}){bucket{id}}}', p=project)
    marks = {"x_wandb_use_async_filestream": "true"}

    def send(writer, offset, *steps, console=(), **more):
        history = {"offset": offset, "content": [json.dumps({"_step": step, "by": writer}) for step in steps]}
        files = {"wandb-history.jsonl": history, "output.log": {"offset": offset, "content": list(console)}}
        body = json.dumps({"files": files, **more}).encode()
        server.ask(f"/files/local/{project}/r/file_stream", body, x_wandb_async_client_id=writer, **marks)

    send("a", 0, 0, 1, console=["a 0", "a 1"])
    send("b", 0, 0, 1, console=["b 0", "b 1"])
    send("a", 0, 0, 1, 2, console=["a 0", "a 1 again", "a 2"])  # its answer was lost; by now there is more
    send("b", 0, 0, 1, console=["b 0", "b 1"], complete=True, exitcode=0)
    send("a", 3, 3, console=["a 3"])
    found = read(project, "r")
    assert found.state == "finished"
    rows = [(row["by"], row["_step"]) for row in found.scan_history(page_size=1)]
    assert rows == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("a", 3)]
    lines = server.graphql(
        'query($p:String){project(name:$p){run(name:"r"){logLines(first:99){edges{node{line}}}}}}', p=project
    )["project"]["run"]["logLines"]["edges"]
    assert [line["node"]["line"] for line in lines] == ["a 0", "a 1 again", "b 0", "b 1", "a 2", "a 3"]


LATE = """
import sys, wandb
from tests.wandb_local.test_writers import write
write(sys.argv[1], "late", x_primary=sys.argv[2] == "primary", x_update_finish_state=sys.argv[3] == "loud").finish()
"""


def end_of(server, project):
    """How the run has ended: its state, by itself and by a filter, and its exit code."""
    found = server.graphql('query($p:String){project(name:$p){run(name:"shared"){exitcode}}}', p=project)
    return state_of(project, "shared"), found["project"]["run"]["exitcode"]


@pytest.mark.parametrize("exitcode", [0, 3])
@pytest.mark.soak
def test_a_secondary_writer_that_joins_after_the_end_leaves_the_end_as_it_was(server, run_client, project, exitcode):
    write(project, "one").finish(exit_code=exitcode)
    ended = ("failed" if exitcode else "finished", exitcode)
    run_client(project, "secondary", "quiet", code=LATE)  # which never says that it has gone
    assert read(project, "shared").state == "running"
    fall_silent(server, "shared")
    assert end_of(server, project) == ended
    run_client(project, "secondary", "loud", code=LATE)
    assert end_of(server, project) == ended
    assert read(project, "shared").summary["best late"] == 1
    run_client(project, "primary", "loud", code=LATE)
    assert end_of(server, project) == ("finished", 0)


@pytest.mark.soak
def test_a_run_whose_primary_has_come_back_crashes_when_it_falls_silent(server, run_client, project):
    write(project, "one").finish(exit_code=3)
    run_client(project, "primary", "quiet", code=LATE)
    fall_silent(server, "shared")
    assert end_of(server, project) == ("crashed", None)
    run_client(project, "secondary", "quiet", code=LATE)
    fall_silent(server, "shared")
    assert end_of(server, project) == ("crashed", None)
