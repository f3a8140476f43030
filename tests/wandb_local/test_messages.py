"""Messages of the file stream that come twice, late or in part: what of them a run keeps."""

import json
from typing import Any

import pytest
import wandb

from tests.wandb_local.test_runs import read

pytestmark = pytest.mark.usefixtures("server")


def send(server, project, name, **chunks):
    """A message as the client writes it; each chunk is an offset and the lines from there on."""
    files = {
        {"history": "wandb-history.jsonl", "events": "wandb-events.jsonl"}[kind]: {"offset": offset, "content": lines}
        for kind, (offset, lines) in chunks.items()
    }
    server.ask(f"/files/local/{project}/{name}/file_stream", json.dumps({"files": files}).encode())


def lines_of(first, last, value=0.5):
    return [json.dumps({"_step": step, "loss": value}) for step in range(first, last)]


def stored(server, project, name):
    query = """query($p:String!,$n:String!){project(name:$p,entityName:"local"){run(name:$n){
        historyLineCount eventsLineCount historyKeys history(samples:100) events(samples:100)}}}"""
    found = server.graphql(query, p=project, n=name)["project"]["run"]
    rows = [json.loads(line) for line in found["history"]]
    return found, [row["_step"] for row in rows], [row["loss"] for row in rows]


def begin(server, project, name):
    sql = 'mutation($p:String,$n:String){upsertBucket(input:{modelName:$p,name:$n,host:"h"}){inserted}}'
    assert server.graphql(sql, p=project, n=name)["upsertBucket"]["inserted"]


def test_a_message_that_arrives_twice_changes_nothing_even_after_later_ones(server, project):
    begin(server, project, "twice")
    for first in (0, 3):
        send(server, project, "twice", history=(first, lines_of(first, first + 3)), events=(first, lines_of(first, 6)))
    before = stored(server, project, "twice")
    for first in (0, 3, 1):
        send(server, project, "twice", history=(first, lines_of(first, first + 3)), events=(first, lines_of(first, 4)))
        assert stored(server, project, "twice") == before
    found, steps, _ = before
    assert steps == [0, 1, 2, 3, 4, 5]
    assert (found["historyLineCount"], found["eventsLineCount"]) == (6, 6)
    assert found["historyKeys"]["keys"]["loss"]["typeCounts"] == [{"type": "number", "count": 6}]


def test_a_message_that_repeats_some_rows_adds_the_others(server, project):
    begin(server, project, "grows")
    send(server, project, "grows", history=(0, lines_of(0, 3)))
    send(server, project, "grows", history=(1, lines_of(1, 5)))
    found, steps, _ = stored(server, project, "grows")
    assert (steps, found["historyLineCount"]) == ([0, 1, 2, 3, 4], 5)
    assert found["historyKeys"]["keys"]["loss"]["typeCounts"] == [{"type": "number", "count": 5}]


def test_a_message_with_other_rows_replaces_what_was_there(server, project):
    begin(server, project, "anew")
    send(server, project, "anew", history=(0, lines_of(0, 4)))
    send(server, project, "anew", history=(1, [*lines_of(1, 2), *lines_of(2, 3, value=7)]))
    found, steps, losses = stored(server, project, "anew")
    assert (steps, losses, found["historyLineCount"]) == ([0, 1, 2], [0.5, 0.5, 7], 3)
    assert found["historyKeys"]["keys"]["loss"]["typeCounts"] == [{"type": "number", "count": 3}]


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (["loss"], range(40)),
        (["loss", "val/miou"], range(0, 40, 4)),
        (["deep.a"], range(0, 40, 2)),
        (["Straße"], range(0, 40, 5)),
        (['a "b"'], range(0, 40, 8)),
        (["sometimes"], range(0, 40, 10)),
        (["never"], ()),
    ],
    ids=str,
)
def test_sampled_history_has_the_rows_with_all_keys_and_no_others(server, project, keys, wanted):
    begin(server, project, "keys")
    rows: list[dict[str, Any]] = [{"_step": step, "loss": step / 7} for step in range(40)]
    for step, row in enumerate(rows):
        row |= {"val/miou": 0.5} if step % 4 == 0 else {}
        row |= {"deep": {"a": 1}} if step % 2 == 0 else {"deep": {"b": 1}}
        row |= {"Straße": 1, 'a "b"': 1 if step % 8 == 0 else None} if step % 5 == 0 or step % 8 == 0 else {}
        row |= {"Straße": 1 if step % 5 == 0 else None}
        row["sometimes"] = 1 if step % 10 == 0 else None  # the key is there, and has no value
    send(server, project, "keys", history=(0, [json.dumps(row) for row in rows]))
    for samples in (500, 3):
        found = read(project, "keys").history(keys=["_step", *keys], samples=samples, pandas=False)
        steps = [row["_step"] for row in found]
        assert len(steps) == min(len(wanted), samples)
        assert set(steps) <= set(wanted)
        assert not wanted or (steps[0], steps[-1]) == (wanted[0], wanted[-1])


ROWS = {"wandb-history.jsonl": {"offset": 0, "content": ['{"_step": 0, "loss": 1}']}}


@pytest.mark.parametrize("late", [{"files": ROWS}, {}, {"uploaded": ["x"]}, {"preempting": True}])
def test_a_message_that_arrives_after_the_end_leaves_a_run_ended(server, project, late):
    server.graphql('mutation($p:String){upsertBucket(input:{modelName:$p,name:"r",host:"h"}){inserted}}', p=project)

    def send(message):
        server.ask(f"/files/local/{project}/r/file_stream", json.dumps(message).encode())
        return wandb.Api().run(f"{project}/r").state

    assert send({"files": ROWS}) == "running"
    assert send({"complete": True, "exitcode": 0}) == "finished"
    assert send(late) == "finished"
    server.graphql('mutation($p:String){upsertBucket(input:{modelName:$p,name:"r",host:"h"}){inserted}}', p=project)
    assert send({"files": ROWS}) == "running"  # it was resumed
