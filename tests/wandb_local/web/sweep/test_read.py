"""What the page of a sweep notices, shows and changes, in the stores."""

import json

import pytest

from tests.wandb_local.test_sweeps import GRID
from wandb_local.clock import now
from wandb_local.records import runs
from wandb_local.records import sweeps as records
from wandb_local.store import durable
from wandb_local.web.sweep.callbacks import set_state
from wandb_local.web.sweep.panels import heading, run_columns, run_rows
from wandb_local.web.sweep.read import agents, read_sweep, stamp


@pytest.fixture
def sweep(context):
    """The id of a sweep with two runs."""
    made = records.upsert(context, {"entityName": "local", "projectName": "p", "config": json.dumps(GRID)})
    name = context.db.value("SELECT name FROM sweeps WHERE id = ?", (made,))
    for run in ("silent", "lively"):
        runs.upsert(context, {"entityName": "local", "modelName": "p", "name": run, "host": "h", "sweep": name})
    return name


def test_a_run_that_is_no_longer_heard_of_changes_the_page(context, sweep):
    moment = int(now())

    def seen(seconds):
        """The stamp if one run was heard of so long ago, and the other one that much later: the sum stays."""
        with context.db.write() as connection:
            sql = "UPDATE runs SET heartbeat_at = iif(name = 'silent', ?, ?)"
            connection.execute(sql, (moment - seconds, moment + seconds))
        return stamp(context, "local", "p", sweep)

    assert seen(20) == seen(200) != seen(400)


CAPPED = {**GRID, "method": "random", "run_cap": 2}
TARGET = {**GRID, "method": "random", "metric": {"name": "loss", "goal": "minimize", "target": 0.5}}
TRIED = {**GRID, "parameters": {"lr": {"values": [1.0]}}}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (CAPPED, "The sweep starts no more runs: run_cap 2 is reached."),
        (TARGET, "The sweep starts no more runs: a run has reached the target 0.5 of loss."),
        (TRIED, "The sweep starts no more runs: all points of the grid have been handed out."),
        ({**CAPPED, "run_cap": 3}, None),
        (GRID, None),
    ],
)
@pytest.mark.parametrize("state", ["FINISHED", "CANCELED", "PAUSED"])
def test_a_sweep_that_starts_no_more_runs_says_why_instead_of_offering_to_resume(context, sweep, state, config, said):
    with context.db.write() as connection:
        connection.execute("UPDATE sweeps SET state = ?, config = ?", (state, json.dumps(config)))
        connection.execute(
            "UPDATE runs SET state = 'finished', summary = '{\"loss\": 0.25}', sweep_args = '{\"lr\": 1.0}'"
        )
    found = read_sweep(context, "local", "p", sweep)
    texts = [each.children for each in heading(found)[2].children]
    assert ("Resume" in texts, texts[0] if said else None) == (said is None, said)
    set_state(context, found, "RUNNING")
    assert (read_sweep(context, "local", "p", sweep).row["state"] == "RUNNING") == (said is None)


def test_an_agent_that_is_no_longer_heard_of_changes_the_page(context, sweep):
    def seen(seconds):
        with context.db.write() as connection:
            connection.execute("UPDATE agents SET heartbeat_at = ?", (now() - seconds,))
        return stamp(context, "local", "p", sweep), agents(context, 1)

    with context.db.write() as connection:
        sql = "INSERT INTO agents (sweep_id, name, created_at, heartbeat_at) SELECT id, 'a', 0, 0 FROM sweeps"
        connection.execute(sql)
    assert seen(10) == seen(30)
    assert [seen(seconds)[1] for seconds in (30, 90)] == [(1, 1), (0, 1)]
    assert seen(30)[0] != seen(90)[0]


def test_parameters_in_the_grid_of_runs(context, sweep):
    values = {"lr": {"value": 12345678901234567891}, "size": {"value": "s"}}
    runs.upsert(context, {"entityName": "local", "modelName": "p", "name": "silent", "config": json.dumps(values)})
    found = read_sweep(context, "local", "p", sweep)
    row = run_rows(found.runs, {"entity": "local", "project": "p"})[0]
    assert (row["value lr"], row["shown"]["value lr"]) == (12345678901234567891, "12345678901234567891")
    filters = {column["headerName"]: column["filter"] for column in run_columns(found) if "filter" in column}
    assert (filters["lr"], filters["size"]) == ("agNumberColumnFilter", "agTextColumnFilter")


def test_a_button_has_its_effect_on_the_disk(context, sweep, monkeypatch):
    context.db.unsettled.settle()
    synced = []
    monkeypatch.setattr(durable, "sync", lambda path: synced.append(path.name.partition("-")[2]))
    set_state(context, read_sweep(context, "local", "p", sweep), "PAUSED")
    assert read_sweep(context, "local", "p", sweep).row["state"] == "PAUSED"
    assert synced == ["wal"]
