"""Names: which are refused, and that what was stored before the rule goes on."""

import json
import urllib.error

import pytest

from wandb_local.errors import ClientError
from wandb_local.names import checked_name
from wandb_local.records import runs
from wandb_local.records.artifacts.changing import change_tags
from wandb_local.records.artifacts.collections import make_collection, set_aliases
from wandb_local.records.projects import make_project

BLANK = ["", " ", "\t ", "\u00a0", "\u2003", "\u200b", "\u2060\ufeff", "\u3164", "\u2800"]
MARKED = [f"a{mark}b" for mark in "\0\n\x7f\x85\u061c\u200e\u200f\u2028\u202a\u202e\u2066\u2069"]
USED = [
    "ü",
    "車",
    "שלום",
    "مرحبا",
    "می\u200cخواهم",
    "👩\u200d🔬",
    "a b",
    "-",
    "v 1.0",
]  # joined by marks that reorder nothing
KINDS = {
    "entity": lambda context, name: make_project(context, name, "p"),
    "project": lambda context, name: make_project(context, "local", name),
    "run": lambda context, name: runs.upsert(context, {"modelName": "p", "name": name}),
    "artifact type": lambda context, name: make_collection(context, 1, name, "c", portfolio=False),
    "artifact": lambda context, name: make_collection(context, 1, "t", name, portfolio=False),
    "alias": lambda context, name: set_aliases(context.db._connection(), 1, 1, [name]),
    "tag": lambda context, name: change_tags(context.db._connection(), "artifact", 1, [{"tagName": name}]),
}


def upsert(context, **given):
    """Make a run or change it; its name and tags as they are stored."""
    run_id, _ = runs.upsert(context, {"modelName": "p", "name": "r", "host": "h", **given})
    row = context.db.row("SELECT display_name, tags FROM runs WHERE id = ?", (run_id,))
    return row["display_name"], json.loads(row["tags"])


@pytest.mark.parametrize("kind", KINDS)
def test_names_that_nobody_could_read_are_refused(context, kind):
    make_project(context, "local", "p")
    for name in [name for name in BLANK if name] + MARKED:
        with pytest.raises(ClientError, match=f"^{kind} ") as caught:
            KINDS[kind](context, name)
        assert repr(name) in str(caught.value)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", USED)
def test_names_in_any_script_are_taken(name):
    assert checked_name("project", name) == name


def test_a_run_with_a_blank_name_gets_one_and_blank_tags_are_left_out(context):
    for number, name in enumerate(BLANK):
        drawn, tags = upsert(context, name=f"r{number}", displayName=name, tags=["a", name])
        assert (drawn.count("-"), tags) == (2, ["a"]), name


def test_a_run_may_have_any_other_name(context):
    assert upsert(context, displayName="a\u202eb/c\n") == ("a\u202eb/c\n", [])


def test_what_was_stored_before_the_rule_goes_on(context):
    odd = "a\u202eb"
    with context.db.write() as connection:
        connection.execute("INSERT INTO projects (entity, name, created_at) VALUES (?, ?, 0)", (odd, odd))
        run = "INSERT INTO runs (project_id, name, state, created_at, updated_at, heartbeat_at)"
        connection.execute(f"{run} VALUES (1, ?, 'finished', 0, 0, 0)", (odd,))
        connection.execute("INSERT INTO artifact_types (project_id, name, created_at) VALUES (1, ?, 0)", (odd,))
        made = "INSERT INTO collections (project_id, type_id, name, portfolio, created_at, updated_at)"
        connection.execute(f"{made} VALUES (1, 1, ?, 0, 0, 0)", (odd,))
    assert runs.upsert(context, {"entityName": odd, "modelName": odd, "name": odd, "host": "h"}) == (1, False)
    assert make_collection(context, 1, odd, odd, portfolio=False)["id"] == 1


def test_the_refusal_is_a_sentence_that_shows_the_name(server):
    query = "mutation($p:String){upsertBucket(input:{modelName:$p}){inserted}}"
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.ask("/graphql", json.dumps({"query": query, "variables": {"p": "a\u202eb"}}).encode())
    with caught.value as answer:
        said = json.loads(answer.read())["errors"][0]["message"]
    assert (caught.value.code, said.partition(":")[0]) == (400, r"project 'a\u202eb'")
