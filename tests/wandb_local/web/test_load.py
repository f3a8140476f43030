"""Many runs with many rows: what the pages cost the server."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.wandb_local.process import Server
from tests.wandb_local.web.conftest import Visitor
from wandb_local.records.history import append_history
from wandb_local.store.database import Database
from wandb_local.store.folder import DataFolder

RUNS, ROWS = 2000, 1000
LIMIT_MB = 300

pytestmark = [pytest.mark.soak, pytest.mark.timeout(280)]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A server whose project has 2,000 runs with 1,000 rows each, and one with 100,000."""
    server = Server(tmp_path_factory.mktemp("loaded"))
    folder = DataFolder(server.data)
    folder.prepare()
    database = Database(folder.database)
    config = {f"setting {number}": {"value": number} for number in range(40)}
    insert = (
        "INSERT INTO runs (project_id, name, display_name, state, config, summary, started, created_at, updated_at,"
        " heartbeat_at) VALUES (1, ?1, ?1, 'finished', ?2, ?3, 1, ?4, ?4, ?4)"
    )
    short = [json.dumps({"_step": step, "loss": 1 / (step + 1), "acc": step / ROWS}) for step in range(ROWS)]
    long = [json.dumps({"_step": step, "loss": step % 7, "acc": step / 1e5}) for step in range(100_000)]
    with database.write() as records:
        records.execute("INSERT INTO projects (id, entity, name, created_at) VALUES (1, 'local', 'many', 0)")
        for number in range(RUNS):
            own = json.dumps(config | {"lr": {"value": 1 / (number + 1)}})
            values = (f"run-{number}", own, json.dumps({"loss": number % 100, "acc": number / RUNS}), number)
            records.execute(insert, values)
        append_history(records, 1, 0, long)
        append_history(records, 2, 0, short)
        records.execute("PRAGMA cache_size = -500000")  # KiB
        records.execute(
            "INSERT INTO history SELECT runs.id, number, step, line FROM runs CROSS JOIN history"  # run by run
            " WHERE runs.id > 2 AND run_id = 2 ORDER BY runs.id, number"
        )
        records.execute(
            "UPDATE runs SET (history_lines, history_keys) ="
            " (SELECT history_lines, history_keys FROM runs WHERE id = 2) WHERE id > 2"
        )
    database.close()
    with server:
        yield server


def memory(server: Server, field: str) -> float:
    """MB of the server's process: ``VmRSS`` now, ``VmHWM`` at most so far."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{server.pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def test_two_thousand_runs_in_the_browser(browser: Browser, loaded: Server):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    visitor = Visitor(context, loaded)
    page = visitor.open("/local/many")
    names = page.locator("#runs-grid .ag-pinned-left-cols-container .ag-row a")
    expect(names.first).to_have_text("run-1999")
    page.get_by_role("columnheader", name="lr").click()
    expect(page.locator("#runs-grid .ag-pinned-left-cols-container [row-index='0'] a")).to_have_text("run-1999")
    page.get_by_label("Find a run").fill("run-1234")
    expect(names).to_have_text(["run-1234"])
    page = visitor.open("/local/many/runs/run-0")
    visitor.eventually("document.querySelector('#charts-grid .js-plotly-plot')?.data?.[0]?.x.length > 900", True)
    page = visitor.open("/local/many/compare?runs=" + ",".join(f"run-{number}" for number in range(10)))
    visitor.eventually("document.querySelector('#charts-grid .js-plotly-plot')?.data?.length", 10)
    context.close()
    assert visitor.faults == []
    assert memory(loaded, "VmHWM") < LIMIT_MB
