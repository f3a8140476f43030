"""Numbers that no float can hold: infinite for us, as the client writes an infinity, and no reason to fail for ever."""

import json
import urllib.error
from typing import Any

import pytest
import wandb

UPSERT = 'mutation($p:String,$c:JSONString){upsertBucket(input:{modelName:$p,name:"r",host:"h",config:$c}){inserted}}'


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("1e400", "Infinity"),
        ("-1.5E+999", "-Infinity"),
        ("9" * 400, "Infinity"),
        ("-" + "9" * 5000, "-Infinity"),
        ("1" + "0" * 307, float("1e307")),
        ("1e-400", 0.0),
    ],
    ids=["1e400", "-1.5E+999", "400 digits", "5000 digits", "308 digits", "1e-400"],
)
def test_a_number_beyond_floats_counts_as_infinite(server, project, number, read):
    server.graphql(UPSERT, p=project, c=f'{{"lr": {{"value": {number}}}}}')
    line = f'{{"_step": 0, "loss": {number}, "inner": {{"also": [{number}]}}}}'
    streams = {name: {"offset": 0, "content": [line]} for name in ("wandb-history.jsonl", "wandb-events.jsonl")}
    files = streams | {"wandb-summary.json": {"offset": 0, "content": [line]}}
    for _ in range(2):  # the second copy of a message whose answer was lost is the same
        server.ask(f"/files/local/{project}/r/file_stream", json.dumps({"files": files}).encode())
    run = wandb.Api().run(f"local/{project}/r")
    assert run.summary["loss"] == read or float(run.summary["loss"]) == float(read)
    assert float(run.config["lr"]) == float(read)
    (row,) = run.scan_history()
    assert float(row["loss"]) == float(read)
    sampled: Any = run.history(keys=["loss"], pandas=False)
    assert [float(row["loss"]) for row in sampled] == [float(read)]
    assert len(list(wandb.Api().runs(f"local/{project}", {"summary_metrics.loss": {"$ne": 1}}))) == 1
    assert server.ask(f"/files/local/{project}/r/file_stream", b"{}")


@pytest.mark.parametrize("value", ["1e400", "-1e400"])
def test_a_number_beyond_floats_in_a_question_is_refused_not_failed(server, project, value):
    server.graphql(UPSERT, p=project, c="{}")
    given = f'projectName:"{project}",runName:"r",metricName:"_step",metricValue:{value}'
    query = f"mutation{{rewindRun(input:{{{given}}}){{rewoundRun{{id}}}}}}"
    with pytest.raises(urllib.error.HTTPError) as raised:
        server.ask("/graphql", json.dumps({"query": query}).encode())
    assert raised.value.code == 400
    with pytest.raises(urllib.error.HTTPError) as raised:
        server.ask("/gc", f'{{"grace": {value}}}'.encode())
    assert raised.value.code == 400
