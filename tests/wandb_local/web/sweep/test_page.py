"""The pages of sweeps in a real browser: charts, brushing, controls, and a sweep that real agents work on meanwhile."""

import json
import os
import re
import subprocess
import sys

import pytest
import wandb
from playwright.sync_api import Page, expect

from tests.wandb_local.process import AGENT, ROOT
from tests.wandb_local.test_sweeps import create, heartbeat, make_agent
from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.links import follow

pytestmark = [
    pytest.mark.usefixtures("server"),
    pytest.mark.filterwarnings("ignore:Read the `app_url` setting:DeprecationWarning"),  # wandb.sweep warns of itself
]
ROWS = "document.querySelectorAll('#sweep-grid .ag-center-cols-container .ag-row').length"
NAME = "<b>wide</b> search"
SCRIPT = """
import wandb
with wandb.init() as run:
    run.log({"val/score": run.config.model["width"] + run.config.lr})
"""
CONFIG = {
    "program": "train.py",
    "name": NAME,
    "method": "random",
    "metric": {"name": "val/score", "goal": "maximize"},
    "parameters": {
        "lr": {"distribution": "log_uniform_values", "min": 0.0001, "max": 0.1},
        "optimizer": {"values": ["adam", "sgd"]},
        "model": {"parameters": {"width": {"values": [1, 2, 3]}}},
    },
    "early_terminate": {"type": "hyperband", "min_iter": 2, "eta": 2},
}


def report(server, project, name, values, complete=True):
    """What a run of a sweep sends."""
    lines = [json.dumps({"_step": step, "val/score": value}) for step, value in enumerate(values)]
    files = {"wandb-history.jsonl": {"offset": 0, "content": lines}}
    files["wandb-summary.json"] = {"offset": 0, "content": [json.dumps({"val/score": values[-1]})]}
    end = {"complete": True, "exitcode": 0} if complete else {}
    server.ask(f"/files/local/{project}/{name}/file_stream", json.dumps({"files": files, **end}).encode())


@pytest.fixture
def sweep(server, project):
    """A sweep with twelve finished runs whose score is their number, one that was stopped early, and one that runs."""
    sweep_id = wandb.sweep(dict(CONFIG), project=project, entity="local")
    agent = make_agent(server, project, sweep_id)
    for number in range(12):
        (command,) = heartbeat(server, agent)
        report(server, project, command["run_id"], [number / 12] * 3)
    (bad,) = heartbeat(server, agent)
    report(server, project, bad["run_id"], [-1.0, -1.0], complete=False)
    assert heartbeat(server, agent, **{bad["run_id"]: True}) == [{"type": "stop", "run_id": bad["run_id"]}]
    (running,) = heartbeat(server, agent)
    report(server, project, running["run_id"], [0.5], complete=False)
    return f"/local/{project}/sweeps/{sweep_id}"


def state_of(path):
    entity, project, _, name = path.strip("/").split("/")
    return wandb.Api().sweep(f"{entity}/{project}/{name}").state


def box_of(page, selector):
    """Where the first such element is, brought into view."""
    element = page.locator(selector).first
    element.scroll_into_view_if_needed()
    return element.bounding_box()


def drag(page, left, top, right, bottom):
    """Draw a box on the parallel coordinates; fractions of the plot, from its top left."""
    box = box_of(page, "#sweep-parallel .nsewdrag")
    page.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + right * box["width"], box["y"] + bottom * box["height"], steps=4)
    page.mouse.up()


def check_charts(page: Page):
    """The charts of all runs, with their legend and their axes, and the table of what is important, are there."""
    page.wait_for_selector("#sweep-parallel .scatterlayer .trace")
    page.wait_for_selector("#sweep-overtime .scatterlayer .trace")
    page.wait_for_selector(".sweep-importance")
    expect(page.locator(".sweep-importance tbody tr")).to_have_count(3)
    expect(page.locator("#sweep-parallel .points path")).to_have_count(14 * 4)
    legend = page.text_content("#sweep-overtime .legend") or ""
    assert all(text in legend for text in ("best so far", "finished", "stopped early", "running"))
    axes = page.locator("#sweep-parallel .annotation").all_text_contents()
    assert {"lr", "optimizer", "model.width", "val/score", "adam", "sgd"} <= {text.strip() for text in axes}


def check_brush(visitor: Visitor):
    """A brush chooses runs in the list, best first, until it is cleared."""
    page, chosen = visitor.page, visitor.page.locator("#sweep-chosen")
    expect(chosen).to_have_text("14 of 14 runs, 1 stopped early")
    drag(page, 0.9, 0.0, 0.9, 0.2)  # straight down from the upper end of the last axis, which is the metric's
    visitor.eventually("document.querySelector('#sweep-chosen').innerText.split(' ')[0] < 14", True)
    best = int(chosen.inner_text().split()[0])
    assert 2 <= best <= 5
    visitor.eventually(ROWS, best)
    scores = [float(text) for text in page.locator("#sweep-grid .ag-cell[col-id=metric]").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(11 / 12, abs=1e-5)
    expect(page.locator("#sweep-parallel .shape-group path")).to_have_count(4 + 1)
    page.click("#sweep-clear")
    expect(chosen).to_have_text(re.compile("^14 "))


def check_filter(visitor: Visitor):
    """A filter of the list shows in the chart."""
    page = visitor.page
    visitor.eventually(ROWS, 14)
    page.locator("#sweep-grid .ag-header-cell[col-id=state]").focus()
    page.keyboard.press("Control+Enter")  # AG Grid's key for the filter of a column
    page.locator(".ag-filter input[type=text]").first.fill("stopped")
    visitor.eventually(ROWS, 1)
    points = "[...document.querySelectorAll('#sweep-parallel .points')].map(group => group.childElementCount)"
    visitor.eventually(f"{points}.join()", f"{13 * 4},{1 * 4}")  # the others are faint, and lie below
    page.keyboard.press("Escape")


@pytest.mark.soak
def test_from_the_list_to_a_sweep_its_charts_and_its_best_run(visitor: Visitor, sweep):
    page = visitor.open(sweep.rpartition("/")[0])
    page.wait_for_selector("#sweeps-grid .ag-cell[col-id=runs] >> text=14")
    page.click(f"#sweeps-grid >> text={NAME}")
    page.wait_for_selector("#sweep-facts >> text=12 finished")
    facts = page.inner_text("#sweep-facts")
    assert "maximize val/score" in facts
    assert "1 running, 1 stopped early" in facts
    assert "0.91667 by" in facts
    assert page.inner_text("h1") == NAME
    assert "method: random" in page.inner_text("#sweep-yaml")
    assert page.inner_text("#sweep-agent").endswith(f"wandb agent {sweep.replace('/sweeps', '').strip('/')}")
    check_charts(page)
    assert visitor.inaccessible() == []
    check_brush(visitor)
    check_filter(visitor)
    for width in (1400, 390):  # all of the text is seen, and the button stands beside it
        page.set_viewport_size({"width": width, "height": 900})
        text, button = box_of(page, "#sweep-agent"), box_of(page, ".copied:has(#sweep-agent) .copy")
        assert text["x"] + text["width"] <= button["x"], width
        assert page.evaluate("(pre => pre.scrollWidth <= pre.clientWidth)(document.querySelector('#sweep-agent'))")
    page.click("#sweep-facts a")
    page.wait_for_url("**/runs/*")


def check_controls(page: Page, sweep: str):
    """A sweep that is paused is resumed, stopped, resumed and cancelled, with the keys alone."""
    assert state_of(sweep) == "PAUSED"
    for button, state in (("Resume", "RUNNING"), ("Stop", "FINISHED"), ("Resume", "RUNNING")):
        page.locator(f"#sweep-heading button:text-is('{button}')").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#sweep-state.{state}")
        assert state_of(sweep) == state
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("#sweep-heading button:text-is('Cancel')")
    page.wait_for_timeout(300)
    assert state_of(sweep) == "RUNNING"
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#sweep-heading button:text-is('Cancel')")
    page.wait_for_selector("#sweep-state.CANCELED")
    assert state_of(sweep) == "CANCELED"


def test_from_the_address_that_the_client_prints_by_keyboard_through_all_states(visitor: Visitor, sweep, server):
    entity, project, _, name = sweep.strip("/").split("/")
    url = wandb.Api().sweep(f"{entity}/{project}/{name}").url
    assert re.fullmatch(rf"{server.url}/local/{project}/sweeps/{name}", url)
    held = []

    def hold(route):
        held.append(route) if "sweep-overtime" in (route.request.post_data or "") else route.continue_()

    visitor.page.route("**/_dash-update-component*", hold)
    page = visitor.open(url.removeprefix(server.url))
    assert page.inner_text("h1") == NAME
    page.locator("#sweep-heading button:text-is('Pause')").focus()
    page.wait_for_selector("#sweep-importance table")
    for route in held:
        route.continue_()
    page.wait_for_selector("#sweep-overtime .points path")
    assert held
    page.unroute_all(behavior="ignoreErrors")
    page.keyboard.press("Enter")  # the button has kept the focus as the charts came
    page.wait_for_selector("#sweep-state.PAUSED")
    check_controls(page, sweep)
    box = box_of(page, "#sweep-overtime .points path")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/runs/*")
    page.wait_for_selector("nav[aria-label=Run]")
    follow(page, f"{sweep}x")
    expect(page.locator("#shell-page")).to_contain_text("does not exist")


@pytest.mark.soak
def test_a_running_sweep_comes_in_while_one_looks(visitor: Visitor, run_client, client_home, project, tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "sweep.yaml").write_text(json.dumps({**CONFIG, "run_cap": 2}))
    path = create(run_client, project)
    page = visitor.open(f"/local/{project}/sweeps/{path.rpartition('/')[2]}")
    assert page.inner_text("#sweep-state") == "pending"
    assert "no run yet" in page.inner_text("#sweep-facts")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    environment = {**inherited, **client_home, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", AGENT, "agent", path]
    with (tmp_path / "agent.log").open("w") as log:
        agent = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    page.wait_for_selector("#sweep-facts >> text=1 active")
    assert agent.wait(timeout=200) == 0, (tmp_path / "agent.log").read_text()
    page.wait_for_selector("#sweep-state.FINISHED")
    page.wait_for_selector("#sweep-facts >> text=2 finished")
    assert "2 of 2" in page.inner_text("#sweep-facts")
    visitor.eventually(ROWS, 2)
    visitor.eventually("document.querySelectorAll('#sweep-parallel .points path').length", 2 * 4)
