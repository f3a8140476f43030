"""What no page asks: it is refused, and the log has a line of it."""

import gzip
import json

import pytest

from tests.wandb_local.web.asked import ask

ASKED = "/_dash-update-component"
PAGE = {"output": "shell-title.id", "outputs": {"id": "shell-title", "property": "id"}, "changedPropIds": []}
UNASKED = {
    "nothing": b"{}",
    "list": b"[]",
    "null": b"null",
    "number": b"1",
    "text": b'"x"',
    "output alone": b'{"output": "x"}',
    "no output": b'{"output": null}',
    "outputs of no kind": b'{"output": []}',
    "unknown": b'{"output": "a.b", "outputs": [], "inputs": [], "changedPropIds": []}',
    "of the browser alone": json.dumps({**PAGE, "inputs": [{"id": "shell-title", "property": "data"}]}).encode(),
    "deep": b"[" * 50_000,
    "compressed": gzip.compress(b"{}"),
}


@pytest.mark.parametrize("body", UNASKED.values(), ids=UNASKED.keys())
def test_a_question_that_no_page_asks_is_refused_in_a_line(shared_server, cookie, body):
    before = len(shared_server.log())
    headers = {"Content_Type": "application/json", "Cookie": cookie, "Origin": shared_server.url}
    answer = ask(shared_server, "POST", ASKED, body, **headers)
    assert answer.status == 400
    assert "Traceback" not in answer.text
    logged = shared_server.log()[before:]
    assert "Traceback" not in logged
    assert logged.count("\n") <= 1
