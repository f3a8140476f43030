"""The list of runs in a browser: many of them, those that are chosen, and one that nothing is heard of."""

import contextlib
import json
import re
import sqlite3
import time

import pytest
from playwright.sync_api import expect

from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.project.test_runs import SHOWN
from wandb_local.store.database import Database


@pytest.mark.soak
def test_more_runs_than_can_be_compared_are_counted(visitor: Visitor, server):
    make = 'mutation($n:String){upsertBucket(input:{entityName:"local",modelName:"dozen",name:$n}){inserted}}'
    names = [f"r{number}" for number in range(12)]
    for name in names:
        server.graphql(make, n=name)
        files = {"wandb-history.jsonl": {"offset": 0, "content": ['{"_step": 0, "loss": 1.0}']}}
        server.ask(f"/files/local/dozen/{name}/file_stream", json.dumps({"files": files}).encode())
    page = visitor.open(f"/local/dozen/compare?runs={','.join(names)}")
    expect(page.locator("h1")).to_have_text("10 of 12 runs side by side")
    page = visitor.open("/local/dozen")
    page.locator("#runs-grid .ag-header").get_by_role("checkbox").click()
    expect(page.locator("#runs-compare")).to_have_text("Compare the first 10 of 12 runs")
    page = visitor.open("/local/dozen/runs/r3")
    visitor.eventually("document.querySelectorAll('#charts-legend a').length", 1)
    page.click("#charts-runs")
    page.get_by_text("Select All", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.locator("#charts-legend a")).to_have_count(10)
    expect(page.locator("#charts-note")).to_have_text(
        "Only the first 10 of 12 runs are drawn, because there are no more colours."
    )
    expect(page.locator("#charts-runs")).to_contain_text("10 selected")


def test_only_the_runs_that_the_filters_show_are_chosen_and_compared(visitor: Visitor, server):
    make = (
        "mutation($n:String,$c:JSONString)"
        '{upsertBucket(input:{entityName:"local",modelName:"some",name:$n,displayName:$n,config:$c}){inserted}}'
    )
    for number, name in enumerate(("spikes-0", "spikes-1", "flat-2", "flat-3")):
        server.graphql(make, n=name, c=json.dumps({"lr": {"value": number}}))
    page = visitor.open("/local/some")
    everything = page.locator("#runs-grid .ag-header").get_by_role("checkbox")
    page.get_by_label("Find a run").fill("spikes")
    expect(page.locator("#runs-count")).to_have_text("2 of 4 runs")
    everything.click()
    expect(page.locator("#runs-compare")).to_have_text("Compare 2 runs")
    expect(page.locator("#runs-compare a")).to_have_attribute("href", re.compile("runs=spikes-1%2Cspikes-0$"))
    page.get_by_label("Find a run").fill("")
    expect(page.locator("#runs-count")).to_have_text("4 runs")
    rows = page.locator("#runs-grid .ag-pinned-left-cols-container .ag-row")
    expect(rows.and_(page.locator(".ag-row-selected"))).to_have_text(["spikes-1", "spikes-0"])
    for box in rows.get_by_role("checkbox").all():
        box.check()
    expect(page.locator("#runs-compare")).to_have_text("Compare 4 runs")
    page.get_by_role("columnheader", name="lr").focus()
    page.keyboard.press("Control+Enter")  # AG Grid's key for the filter of a column
    page.locator(".ag-filter input[type=number]").first.fill("3")
    expect(page.locator("#runs-count")).to_have_text("1 of 4 runs")
    expect(page.locator("#runs-compare")).to_have_text("Choose runs to compare")


ADD = (
    "INSERT INTO runs (project_id, name, state, config, summary, created_at, updated_at, heartbeat_at)"
    " VALUES (?, ?, ?, '{}', ?, ?, ?, ?)"
)


def test_many_runs_come_in_blocks_and_a_tick_brings_what_has_changed(visitor: Visitor, server):
    server.graphql('mutation{upsertModel(input:{entityName:"local",name:"blocks"}){model{id}}}')
    records, moment = Database(server.data / "records.sqlite3"), time.time()
    project = records.value("SELECT id FROM projects WHERE name = 'blocks'")

    def write(sql, rows):
        with records.write() as connection:
            connection.executemany(sql, rows)

    times = [(moment - 9000 + number, moment - 90 if number == 1499 else moment) for number in range(1500)]
    loss = [json.dumps({"loss": number}) for number in range(1500)]
    write(ADD, [(project, f"r{n}", "running", loss[n], made, made, heard) for n, (made, heard) in enumerate(times)])
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.post_data or ""))
    visitor.page.clock.install()
    page = visitor.open("/local/blocks")
    page.clock.resume()
    expect(page.locator("#runs-count")).to_have_text("1,500 runs")
    expect(page.locator("#runs-states")).to_have_text("1,500 running")
    last = page.locator("#runs-grid .ag-row", has_text="no sign of life for")
    expect(last.locator(".badge")).to_have_text("running")
    expect(page.locator(SHOWN).first).to_have_text("r1499")
    page.evaluate("document.querySelector('#runs-grid .ag-body-viewport').scrollTop = 1e9")
    expect(page.locator(SHOWN).get_by_text("r0", exact=True)).to_be_visible()
    blocks = lambda: sum("runs-grid.getRowsRequest" in text and '"endRow"' in text for text in asked)  # noqa: E731
    before = blocks()
    assert 2 <= before <= 5
    write(
        "UPDATE runs SET summary = ?, state = 'failed' WHERE project_id = ? AND name = 'r1'",
        [('{"loss": 77}', project)],
    )
    page.clock.run_for(5000)
    row = page.locator("#runs-grid .ag-center-cols-container .ag-row", has_text="failed")
    expect(row.locator("[col-id='summary.loss']")).to_have_text("77")
    expect(page.locator("#runs-states")).to_have_text("1,499 running · 1 failed")
    assert blocks() == before  # only the row that had changed came
    write("DELETE FROM runs WHERE project_id = ? AND name = ?", [(project, "r0")])
    page.clock.run_for(5000)
    expect(page.locator("#runs-count")).to_have_text("1,499 runs")
    expect(page.locator(SHOWN).get_by_text("r0", exact=True)).to_have_count(0)
    records.close()


def test_a_run_that_is_not_heard_of_says_so_on_its_page_until_it_is(visitor: Visitor, server):
    server.graphql('mutation{upsertBucket(input:{modelName:"quiet",name:"q",host:"h"}){inserted}}')
    with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as records, records:
        records.execute("UPDATE runs SET heartbeat_at = heartbeat_at - 100 WHERE name = 'q'")
    page = visitor.open("/local/quiet/runs/q")
    expect(page.locator("#run-state")).to_contain_text(re.compile(r"running.*no sign of life for 1\d\d s"))
    server.ask("/files/local/quiet/q/file_stream", b'{"files": {}}')
    expect(page.locator("#run-state")).not_to_contain_text("no sign")
