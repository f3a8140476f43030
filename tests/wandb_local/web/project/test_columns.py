"""The rows of the list of runs, read from the stores."""

import json

from wandb_local import filestream, runs
from wandb_local.graphql.common import now
from wandb_local.graphql.projects import need_project
from wandb_local.web.documents import cell
from wandb_local.web.project.columns import column_definitions, grid_rows, runs_of, version_of


def test_numbers_that_are_not_finite_are_shown_and_count_as_missing(context):
    for name, summary in {"a": '{"loss": 1.5}', "b": '{"loss": NaN}', "c": '{"loss": -Infinity, "word": "no"}'}.items():
        runs.upsert(context, {"entityName": "local", "modelName": "p", "name": name, "config": json.dumps({"lr": 1})})
        files = {"wandb-summary.json": {"offset": 0, "content": [summary]}}
        filestream.receive(context, "local", "p", name, {"files": files})
    found = runs_of(context, need_project(context, "local", "p")["id"])
    rows = grid_rows(found, "local", "p", ["summary.loss", "summary.word"])
    by_name = {row["id"]: row for row in rows}
    assert {name: row["summary.loss"] for name, row in by_name.items()} == {"a": 1.5, "b": None, "c": None}
    assert {name: row["shown"] for name, row in by_name.items()} == {
        "a": {},
        "b": {"summary.loss": "NaN"},
        "c": {"summary.loss": "-∞"},
    }
    loss, word = column_definitions(["summary.loss", "summary.word"], rows)[-2:]
    assert (loss["filter"], word["filter"]) == ("agNumberColumnFilter", "agTextColumnFilter")


def test_the_list_changes_when_a_run_is_no_longer_heard_of(context):
    for name in ("silent", "lively"):
        runs.upsert(context, {"entityName": "local", "modelName": "p", "name": name, "host": "h"})
    project_id = need_project(context, "local", "p")["id"]

    def version(seconds):
        """What it is if one run was heard of so long ago, and the other one just now, as always."""
        with context.db.write() as connection:
            connection.execute("UPDATE runs SET heartbeat_at = ? WHERE name = 'silent'", (now() - seconds,))
        return version_of(context, project_id)

    assert version(20) == version(200) != version(400)


def test_all_digits_of_a_whole_number_are_shown(context):
    seeds = {"seed": {"value": 12345678901234567891}, "small": {"value": 2**53}, "flag": {"value": True}}
    runs.upsert(context, {"entityName": "local", "modelName": "p", "name": "a", "config": json.dumps(seeds)})
    found = runs_of(context, need_project(context, "local", "p")["id"])
    chosen = ["config.seed", "config.small", "config.flag"]
    (row,) = grid_rows(found, "local", "p", chosen)
    assert [row[name] for name in chosen] == [12345678901234567891, 2**53, "true"]  # to sort and filter by
    assert row["shown"] == {"config.seed": "12345678901234567891"}
    filters = [column["filter"] for column in column_definitions(chosen, [row])[-3:]]
    assert filters == ["agNumberColumnFilter", "agNumberColumnFilter", "agTextColumnFilter"]
    assert cell(-12345678901234567891) == "-12345678901234567891"
