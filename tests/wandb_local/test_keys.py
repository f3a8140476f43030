"""Filters and orders of the public API by keys of any letters."""

import json
import urllib.error
from typing import Any

import pytest
import wandb

from wandb_local.jsons import lookup

pytestmark = pytest.mark.usefixtures("server")
PROJECT = "keys"
KEYS = [
    *("plain", "val/iou/Straße", "größe", "日本", "😀", "a b", "", "value", "keys", "+a", "-a", "_type"),
    *("a\\b", "\\", "\\u00df", 'say "hi"', '"', "it's", "a[0]", "[", "]", "$", "$.x", "100%", "%", "_", "#-1", "?1"),
    *("a.b.c", ".", "a.", ".a", "a..b", "config.plain", "a,b", ",", "tab\there", "a\nb", "\ud800"),
]
NESTED = ["deep.größe", "deep.a.b", "dotted.name.inner"]


def document(number):
    """An object in which every key leads to the number."""
    return {**dict.fromkeys(KEYS, number), "deep": {"größe": number, "a.b": number}, "dotted.name": {"inner": number}}


@pytest.fixture(scope="module")
def runs(shared_server, client_home):
    assert client_home
    upsert = "mutation($n:String,$c:JSONString,$s:JSONString){"
    upsert += f'upsertBucket(input:{{modelName:"{PROJECT}",name:$n,config:$c,summaryMetrics:$s}}){{inserted}}}}'
    for number in (1, 3, 2):  # in no order
        config = json.dumps({key: {"value": value} for key, value in document(number).items()})
        shared_server.graphql(upsert, n=f"r{number}", c=config, s=json.dumps(document(number)))
    return f"local/{PROJECT}"


def found(runs, **question):
    return "".join(run.id for run in wandb.Api().runs(runs, **question))


@pytest.mark.parametrize("key", [*KEYS, *NESTED])
def test_any_key_is_found_and_ordered_by(runs, key):
    for name in (f"config.{key}", f"summary_metrics.{key}", *([f"config.{key}.value"] if key else [])):
        assert found(runs, filters={name: 2}, order="+name") == "r2", name
        assert found(runs, filters={name: {"$gt": 1}}, order="+name") == "r2r3", name
        assert found(runs, filters={name: {"$exists": False}}) == "", name
        assert found(runs, order=f"-{name}") == "r3r2r1", name
        assert found(runs, order=f"-{name},+created_at") == "r3r2r1", name
    assert found(runs, filters={f"config.{key} missing": 2}) == ""


def test_what_is_no_key_of_a_nested_object(runs):
    for name in ("config.plain.value.x", "config.deep.value", "summary_metrics.plain.x", "summary_metrics.deep.a.b.c"):
        assert found(runs, filters={name: 2}) == ""
    assert found(runs, filters={"config.deep.value.größe": 3}) == "r3"


def test_the_metrics_that_were_logged(server, runs):
    line = json.dumps({"_step": 0, "a.größe": 1, 'say "hi"': 2})
    body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": [line]}}}
    server.ask(f"/files/local/{PROJECT}/r2/file_stream", json.dumps(body).encode())
    for key in ("a.größe", 'say "hi"'):
        assert found(runs, filters={f"keys_info.keys.{key}": {"$exists": True}}) == "r2"


@pytest.mark.parametrize("order", ["-summary_metrics.a,no_such_field.x", ",", "created_at,"])
def test_an_order_that_cannot_be_read_is_refused_or_a_key_with_a_comma(server, runs, order):
    query = f'query($o:String){{project(name:"{PROJECT}"){{runs(order:$o){{edges{{node{{name}}}}}}}}}}'
    body = json.dumps({"query": query, "variables": {"o": order}}).encode()
    if order.startswith("-summary_metrics."):
        assert len(json.loads(server.ask("/graphql", body))["data"]["project"]["runs"]["edges"]) == 3
        return
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.ask("/graphql", body)
    assert caught.value.code == 400
    caught.value.close()


def test_every_reading_of_a_dotted_key():
    readings: list[Any] = [{"a.b.c": 1}, {"a": {"b.c": 1}}, {"a.b": {"c": 1}}, {"a": {"b": {"c": 1}}}]
    assert [lookup(record, "a.b.c") for record in (*readings, {"a": 2, "a.b": {"c": 1}})] == [1] * 5
    assert lookup({"a": {"b": [1]}}, "a.b.0") is None
    assert lookup({"a": {"b": None}, "a.b": 3}, "a.b") == 3


def test_real_runs_by_keys_that_are_no_ascii(project):
    for number, value in enumerate([0.9, 0.1, 0.5]):
        with wandb.init(project=project, id=f"r{number}", config={"größe": number}) as run:
            run.log({"val/iou/Straße": value})
    runs = f"local/{project}"
    assert found(runs, order="-summary_metrics.val/iou/Straße") == "r0r2r1"
    assert found(runs, filters={"summary_metrics.val/iou/Straße": {"$gt": 0.3}}) == "r0r2"
    assert found(runs, filters={"config.größe": 1}) == "r1"
