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
    visitor.search("second")
    visitor.choose("second")
    page.keyboard.press("Escape")
    visitor.eventually(POINTS, [30, 10])
    expect(page.locator("#charts-legend a")).to_have_text(["first", "second"])
    expect(page.locator("#charts-grid figcaption").filter(has_text="only/second")).to_have_count(1)
    page.reload()
    visitor.eventually(POINTS, [30, 10])


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
    page.click("#charts-axis")
    expect(page.locator(".dash-dropdown-option")).not_to_have_count(0)
    hidden = "(list => list.scrollHeight - list.clientHeight)(document.querySelector('.dash-dropdown-content'))"
    visitor.eventually(hidden, 0)  # all of its entries are seen
    page.keyboard.press("Escape")
    assert visitor.inaccessible() == []


def test_a_reload_and_back_show_the_same_charts_again(visitor: Visitor, logged_run):
    plain = run_path(logged_run)
    page = visitor.open(plain)
    visitor.eventually(POINTS, [30])
    page.get_by_label("log axis").check()
    page.get_by_label("large").check()
    page.get_by_role("slider", name="Smoothing").focus()
    page.keyboard.press("End")
    page.get_by_label("Find a metric").fill("s")
    page.click("#charts-axis")
    visitor.choose("seconds since the start")
    page.click("#charts-section")
    visitor.choose("val (1)")
    search = "Object.fromEntries(new URLSearchParams(location.search))"
    settings = {"find": "s", "section": "val", "axis": "_runtime", "smoothing": "0.99", "log": "1", "size": "large"}
    visitor.eventually(search, settings)

    def leave_and_come_back() -> None:
        page.get_by_role("link", name="files").click()
        page.wait_for_selector("#files-grid")
        page.go_back()
        page.wait_for_selector("#charts-grid")

    for again in (page.reload, leave_and_come_back):
        again()
        visitor.eventually(POINTS, [30, 30, 2])  # as logged, smoothed, and what has no place on a log axis
        visitor.eventually("document.querySelector('.js-plotly-plot').layout.yaxis.type", "log")
        visitor.eventually(
            "document.querySelector('.js-plotly-plot').layout.xaxis.title.text", "seconds since the start"
        )
        expect(page.locator("#charts-grid figcaption")).to_have_text(["val/score"])
        expect(page.locator("#charts-grid")).to_have_class("charts-grid large")
        expect(page.get_by_label("Find a metric")).to_have_value("s")
        visitor.eventually(search, settings)
    page = visitor.open(f"{plain}?axis=nothing&section=nothing&smoothing=x&size=9")
    visitor.eventually(POINTS, [30])
    visitor.eventually("location.search", "")


def test_metrics_lie_over_what_the_script_has_defined_and_hidden_ones_wait(visitor: Visitor, client_home):
    with wandb.init(project="web", settings=wandb.Settings(x_disable_stats=True)) as run:
        run.define_metric("val/*", step_metric="epoch")
        run.define_metric("val/secret*", hidden=True)
        for step in range(12):
            late = {"epoch": step // 4, "val/loss": 1 / (step + 1), "val/secret": step} if step % 4 == 3 else {}
            run.log({"loss": 1.0, **late})
    page = visitor.open(run_path(run))
    figures = "[...document.querySelectorAll('#charts-grid figure')]"
    axis = "figure.querySelector('.js-plotly-plot')?.layout?.xaxis?.title?.text"
    axes = f"Object.fromEntries({figures}.map(figure => [figure.querySelector('figcaption').innerText, {axis}]))"
    visitor.eventually(axes, {"epoch": "step", "loss": "step", "val/loss": "epoch"})
    visitor.eventually(f"{figures}.at(-1).querySelector('.js-plotly-plot').data[0].x", [0, 1, 2])
    page.click("#charts-section")
    visitor.choose("hidden (1)")
    visitor.eventually(axes, {"val/secret": "step"})
    page.click("#charts-axis")
    visitor.choose("epoch")
    visitor.eventually(axes, {"val/secret": "epoch"})


MARKS = "[...document.querySelectorAll('.js-plotly-plot .overplot .points path')].length"


def zoom(page, plot, left, right):
    """Drag over a part of a chart; fractions of its width."""
    box = page.locator(".js-plotly-plot .nsewdrag").nth(plot).bounding_box()
    page.mouse.move(box["x"] + box["width"] * left, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * right, box["y"] + 30, steps=3)
    page.mouse.up()
    return box


def seen(visitor, wanted):
    """Wait until the highest point that is drawn within what a chart shows of its axis is this one."""
    script = """(plot => {
        const of = (x) => typeof x === "string" ? Date.parse(x) : x;
        const {x, y} = plot?.data?.[0] ?? {x: [], y: []};
        const [left, right] = (plot?.layout?.xaxis?.range ?? []).map(of);
        return Math.max(...y.filter((_, place) => left <= of(x[place]) && of(x[place]) <= right));
    })(document.querySelector(".js-plotly-plot"))"""
    visitor.eventually(script, wanted)


def test_spikes_and_what_is_not_finite_are_seen_on_every_zoom_and_axis(visitor: Visitor, send):
    rows = [{"loss": 1.0, "zeal": n // 10, "_runtime": n / 2, "_timestamp": 1.7e9 + n / 2} for n in range(20_000)]
    for place, value in {7_111: 50.0, 13_333: 60.0, 16_234: float("nan")}.items():
        rows[place]["loss"] = value
    send("spiky", 0, rows, complete=True, exitcode=0)
    page = visitor.open("/local/web/runs/spiky")
    for axis in ("step", "seconds since the start", "time", "zeal"):
        page.click("#charts-axis")
        visitor.choose(axis)
        title = "document.querySelector('.js-plotly-plot')?.layout?.xaxis?.title?.text?.split(' (')[0]"
        visitor.eventually(title, axis)
        seen(visitor, 60)
        visitor.eventually(MARKS, 1)
        box = zoom(page, 0, 0.32, 0.39)
        seen(visitor, 50)
        visitor.eventually("document.querySelector('.js-plotly-plot').data[0].y.includes(60)", False)
        visitor.eventually(MARKS, 0)
        page.mouse.dblclick(box["x"] + box["width"] * 0.5, box["y"] + 30)
        seen(visitor, 60)
    page.get_by_role("slider", name="Smoothing").focus()
    page.keyboard.press("End")
    lines = "document.querySelector('.js-plotly-plot').data.map(trace => `${trace.y.length > 200}`).join()"
    visitor.eventually(lines, "true,true,false")  # as logged, smoothed, and the mark
    visitor.eventually(MARKS, 1)


def test_a_chart_fits_what_its_zoom_shows(visitor: Visitor, send):
    rows = [{"loss": 0.4 + n % 2 / 5} for n in range(20_000)]
    rows[7_000]["loss"] = 40.0
    send("peak", 0, rows, complete=True, exitcode=0)
    page = visitor.open("/local/web/runs/peak")
    top = "Math.round(document.querySelector('.js-plotly-plot')?.layout?.yaxis?.range?.[1])"
    visitor.eventually(f"{top} > 40", True)
    box = zoom(page, 0, 0.37, 0.42)  # the peak lies beyond the left edge
    visitor.eventually(top, 1)
    page.mouse.dblclick(box["x"] + box["width"] * 0.5, box["y"] + 30)
    visitor.eventually(f"{top} > 40", True)


def test_the_pointer_shows_each_run_once_in_a_box_that_hides_what_is_behind(visitor: Visitor, logged_run):
    page = visitor.open(run_path(logged_run))
    visitor.eventually(POINTS, [30])
    page.get_by_role("slider", name="Smoothing").focus()
    page.keyboard.press("End")
    visitor.eventually(POINTS, [30, 30])
    page.locator(".js-plotly-plot .nsewdrag").first.hover(position={"x": 150, "y": 50})
    expect(page.locator(".hoverlayer .traces")).to_have_count(1)
    background = page.locator(".hoverlayer .legend rect.bg")
    look = background.evaluate("box => [getComputedStyle(box).fill, getComputedStyle(box).fillOpacity]")
    assert look == ["rgb(255, 255, 255)", "1"]


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
    within = "document.querySelector('.js-plotly-plot')?.data?.[0]?.x.filter(x => 5000 <= x && x <= 6000).length"
    visitor.eventually(f"{within} > 40", True)
    before = page.evaluate(within)
    assert before < 60
    box = zoom(page, 0, 0.25, 0.30)
    visitor.eventually(f"{within} > 600", True)
    left, right = page.evaluate("document.querySelector('.js-plotly-plot').layout.xaxis.range")
    assert 4900 < left < right < 6100
    page.mouse.dblclick(box["x"] + box["width"] * 0.5, box["y"] + 30)
    visitor.eventually("document.querySelector('.js-plotly-plot').layout.xaxis.range[1] > 19000", True)
    visitor.eventually(within, before)
    titles = page.evaluate("[...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title)")
    assert titles and not any("hare" in title or "loud" in title for title in titles)  # nothing leaves this machine
