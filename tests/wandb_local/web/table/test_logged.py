"""The tables that a run has logged, whatever its summary makes of them."""

import json

import pytest

from wandb_local.errors import NotFoundError
from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.records.projects import need_run
from wandb_local.web.documents import cell, differing, summary_of
from wandb_local.web.run import tables
from wandb_local.web.run.media import media_keys
from wandb_local.web.table.logged import last_table, logged_steps, logged_value, table_keys
from wandb_local.web.table.page import _others


def table(rows):
    return {"_type": "table-file", "path": f"media/table/{rows}.table.json", "nrows": rows, "ncols": 2}


def summed_up(value, how):
    """What the client makes of each part of a value: a number as it is, 0 of a text."""
    return {part: dict.fromkeys(how, inner if isinstance(inner, int) else 0) for part, inner in value.items()}


def log(context, name, summary, *rows):
    runs.upsert(context, {"entityName": "local", "modelName": "p", "name": name})
    history = [json.dumps(row | {"_step": step}) for step, row in enumerate(rows)]
    contents = {"wandb-summary.json": [json.dumps(summary)], "wandb-history.jsonl": history}
    files = {file: {"offset": 0, "content": lines} for file, lines in contents.items() if lines}
    filestream.receive(context, "local", "p", name, {"files": files})
    return need_run(context, "local", "p", name)


@pytest.mark.parametrize("key", ["val/tab", "a.b", "straße <1>"])
@pytest.mark.parametrize("how", [["min"], ["max", "mean"], [], None])
def test_a_table_is_found_whose_parts_the_client_has_summed_up(context, key, how):
    """As after ``define_metric("val/*", summary="min")``; a ``summary`` of "none" leaves nothing."""
    own = {"_type": "image-file", "path": "x.png"}
    summary = {} if how is None else {key: summed_up(table(1), how), "own": summed_up(own, how)}
    figures = [{"_type": "plotly-file", "path": "a.plotly.json"}]  # which the client sums up as one part
    rows = [{key: table(1), "own": own, "figures": figures, "numbers": [1, 2]}, {key: table(3)}, {"loss": 1.0}]
    log(context, "plain", {key: table(3)}, *rows)
    run = log(context, "defined", summary, *rows)
    assert table_keys(run) == [key] and media_keys(context, run) == ["figures", "own"]
    assert last_table(context, run, key) == logged_value(context, run, key, None) == table(3)
    assert logged_value(context, run, key, 0) == table(1)
    assert logged_steps(context, run, key) == [0, 1]
    assert "3 rows, 2 columns" in str(tables.show(context, run, {"entity": "local", "project": "p"}))
    for name, other in (("plain", "defined"), ("defined", "plain")):
        assert [row["name"] for row in _others(context, need_run(context, "local", "p", name), key)] == [other]
    if how is not None:
        shown = summary_of(run)
        assert {name: cell(value) for name, value in shown.items()} == {key: "(table-file)", "own": "(image-file)"}
        assert differing([shown, {}]) == []


def test_what_only_the_summary_has_is_found_and_a_number_is_no_table(context):
    run = log(context, "a", {"own": table(2), "nested": {"own": table(4)}, "loss": {"min": 0.5}}, {"loss": 1.0})
    assert table_keys(run) == ["nested.own", "own"]
    assert last_table(context, run, "nested.own") == table(4)
    with pytest.raises(NotFoundError, match="no table 'loss'"):
        logged_value(context, run, "loss", None)
    assert summary_of(run)["loss.min"] == 0.5
