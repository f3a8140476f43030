"""The charts in a browser: controls, several runs, points that come in, zoom."""

import json

import pytest
import wandb
from playwright.sync_api import expect

from tests.wandb_local.web.conftest import Visitor, run_path

POINTS = "document.querySelector('#charts-grid .js-plotly-plot')?.data?.map(trace => trace.x.length)"


@pytest.fixture(scope="module")
def other_run(logged_run):
    """A second run of the project, with a metric of its own."""
    with wandb.init(project="web", name="second", config={"lr": 0.2, "model": {"depth": 3}}) as run:
        for step in range(10):
            run.log({"loss": 2 / (step + 1), "only/second": step})
    return run


def test_a_second_run_in_the_charts(visitor: Visitor, logged_run, other_run):
    page = visitor.open(run_path(logged_run))
    visitor.eventually(POINTS, [30])
    page.click("#charts-runs")
    page.keyboard.type("second")
    visitor.choose("second")
    page.keyboard.press("Escape")
    visitor.eventually(POINTS, [30, 10])
    expect(page.locator("#charts-legend a")).to_have_text(["first", "second"])
    expect(page.locator("#charts-grid figcaption").filter(has_text="only/second")).to_have_count(1)


def test_the_controls_of_the_charts(visitor: Visitor, logged_run):
    page = visitor.open(run_path(logged_run))
    visitor.eventually(POINTS, [30])
    page.get_by_label("log axis").check()
    visitor.eventually("document.querySelector('.js-plotly-plot').layout.yaxis.type", "log")
    page.get_by_role("slider", name="Smoothing").focus()
    page.keyboard.press("End")
    visitor.eventually(POINTS, [30, 30])  # as logged, and smoothed
    page.get_by_label("Find a metric").fill("val/")
    expect(page.locator("#charts-grid figcaption")).to_have_text(["val/score"])
    page.get_by_label("Find a metric").fill("")
    expect(page.locator("#charts-grid figcaption").first).to_have_text("loss")
    page.get_by_label("large").check()
    expect(page.locator("#charts-grid")).to_have_class("charts-grid large")
    assert visitor.inaccessible() == []


@pytest.fixture
def send(shared_server):
    """Makes a run and sends what a client sends of it; a real one waits 15 seconds between two messages."""

    def send(name, offset, rows, **message):
        if offset == 0:
            query = 'mutation M($n: String) { upsertBucket(input: {modelName: "web", name: $n}) { bucket { id } } }'
            shared_server.graphql(query, n=name)
        lines = [json.dumps({"_step": offset + place, **row}) for place, row in enumerate(rows)]
        files = {"wandb-history.jsonl": {"offset": offset, "content": lines}}
        shared_server.ask(f"/files/local/web/{name}/file_stream", json.dumps({"files": files, **message}).encode())

    return send


def test_points_come_in_while_a_run_logs(visitor: Visitor, send):
    send("live", 0, [{"loss": 1.0}])
    page = visitor.open("/local/web/runs/live")
    visitor.eventually(POINTS, [1])
    expect(page.locator("#run-state .badge")).to_have_text("running")
    send("live", 1, [{"loss": 0.5, "more": 3}])
    visitor.eventually(POINTS, [2])
    expect(page.locator("#charts-grid figcaption").filter(has_text="more")).to_have_count(1)
    send("live", 2, [], complete=True, exitcode=0)
    expect(page.locator("#run-state .badge")).to_have_text("finished")


def test_zooming_into_a_long_run_shows_more_of_it(visitor: Visitor, send):
    send("long", 0, [{"loss": step % 7} for step in range(20_000)], complete=True, exitcode=0)
    page = visitor.open("/local/web/runs/long")
    visitor.eventually(POINTS, [1000])
    within = "document.querySelector('.js-plotly-plot').data[0].x.filter(x => 5000 <= x && x <= 6000).length"
    before = page.evaluate(within)
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.30, box["y"] + 30, steps=3)
    page.mouse.up()
    visitor.eventually(f"{within} > {before * 5}", True)
    left, right = page.evaluate("document.querySelector('.js-plotly-plot').layout.xaxis.range")
    assert 4900 < left < right < 6100
    page.mouse.dblclick(box["x"] + box["width"] * 0.5, box["y"] + 30)
    visitor.eventually("document.querySelector('.js-plotly-plot').layout.xaxis.range[1] > 19000", True)
    visitor.eventually(within, before)
    titles = page.evaluate("[...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title)")
    assert titles and not any("hare" in title or "loud" in title for title in titles)  # nothing leaves this machine
