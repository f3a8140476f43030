"""Messages to the file stream that are none: refused with a sentence, and nothing of them is stored."""

import json
import urllib.error

import pytest

from tests.wandb_local.test_preemption import UPSERT

ROW = {"offset": 0, "content": ['{"_step": 0, "a": 1}']}


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ([], "give a JSON object"),
        (None, "give a JSON object"),
        ({"files": []}, "files: give an object"),
        ({"files": False}, "files: give an object"),
        ({"files": ""}, "files: give an object"),
        ({"files": {"wandb-history.jsonl": ROW}, "uploaded": "a.txt"}, "uploaded: give a list"),
        ({"files": {"wandb-history.jsonl": ROW}, "complete": "no"}, "complete: give true or false"),
        ({"files": {"wandb-history.jsonl": ROW}, "complete": 1}, "complete: give true or false"),
        ({"preempting": []}, "preempting: give true or false"),
        ({"complete": True, "exitcode": "3"}, "exitcode: give a whole number"),
        ({"complete": True, "exitcode": True}, "exitcode: give a whole number"),
        ({"files": {"wandb-history.jsonl": ROW | {"offset": True}}}, "offset"),
        ({"files": {"wandb-history.jsonl": []}}, "needs an offset and a list of lines"),
    ],
)
def test_a_message_of_the_wrong_kind_is_refused(server, project, message, named):
    server.graphql(UPSERT, p=project, n="r", h="h")
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.ask(f"/files/local/{project}/r/file_stream", json.dumps(message).encode())
    with caught.value as answer:
        assert (answer.code, named in answer.read().decode()) == (400, True)
    query = 'query($p:String){project(name:$p){run(name:"r"){state historyLineCount exitcode}}}'
    stored = {"state": "running", "historyLineCount": 0, "exitcode": None}
    assert server.graphql(query, p=project)["project"]["run"] == stored


def test_what_is_null_counts_as_left_out(server, project):
    server.graphql(UPSERT, p=project, n="r", h="h")
    body = {"files": None, "uploaded": None, "complete": None, "preempting": None, "exitcode": None}
    server.ask(f"/files/local/{project}/r/file_stream", json.dumps(body).encode())
