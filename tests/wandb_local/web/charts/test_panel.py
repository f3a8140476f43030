"""The charts in a browser: controls, several runs, points that come in, zoom."""

import json

import pytest
import wandb
from playwright.sync_api import expect

from tests.wandb_local.web.conftest import Visitor, run_path

POINTS_OF = "data?.map(trace => trace.x.length)"
POINTS = f"document.querySelector('#charts-grid .js-plotly-plot')?.{POINTS_OF}"
PLOT = "document.querySelector('.js-plotly-plot')"
SEARCH = "Object.fromEntries(new URLSearchParams(location.search))"


@pytest.fixture(scope="module")
def first_run(client_home):
    """A run with two metrics."""
    assert client_home
    with wandb.init(project="web", name="first", settings=wandb.Settings(x_disable_stats=True)) as run:
        for step in range(30):
            run.log({"loss": 1 / (step + 1), "val/score": step / 30})
    return run


@pytest.fixture(scope="module")
def other_run(client_home):
    """A second run of the project, whose script has defined an axis and a hidden metric."""
    assert client_home
    with wandb.init(project="web", name="second", settings=wandb.Settings(x_disable_stats=True)) as run:
        run.define_metric("val/*", step_metric="round")
        run.define_metric("val/secret*", hidden=True)
        for step in range(12):
            late = {"round": step // 4, "val/loss": 1 / (step + 1), "val/secret": step} if step % 4 == 3 else {}
            run.log({"loss": 1.0, **late})
    return run


@pytest.mark.soak
def test_the_controls_a_second_run_a_reload_and_back(visitor: Visitor, first_run, other_run):
    page = visitor.open(f"{run_path(first_run)}?axis=nothing&section=nothing&smoothing=x&size=9")
    visitor.eventually(POINTS, [30])
    visitor.eventually("location.search", "")  # what makes no sense is passed over
    page.get_by_label("log axis").check()
    visitor.eventually(f"{PLOT}.layout.yaxis.type", "log")
    page.get_by_label("large").check()
    expect(page.locator("#charts-grid")).to_have_class("charts-grid large")
    visitor.eventually(SEARCH, {"log": "1", "size": "large"})
    page.get_by_role("slider", name="Smoothing").focus()
    page.keyboard.press("End")
    visitor.eventually(POINTS, [30, 30])  # as logged, and smoothed
    the_pointer_shows_the_run_once_in_a_box_that_hides_what_is_behind(page)
    metrics_are_found_by_their_names(page)
    all_axes_are_seen(visitor)
    assert visitor.inaccessible() == []
    a_second_run_is_chosen(visitor)
    settings = choose_some_settings(visitor)
    for again in (page.reload, lambda: leave_and_come_back(page)):
        again()
        the_charts_are_as_they_were(visitor, settings)


def the_pointer_shows_the_run_once_in_a_box_that_hides_what_is_behind(page):
    page.locator(".js-plotly-plot .nsewdrag").first.hover(position={"x": 150, "y": 50})
    expect(page.locator(".hoverlayer .traces")).to_have_count(1)
    background = page.locator(".hoverlayer .legend rect.bg")
    look = background.evaluate("box => [getComputedStyle(box).fill, getComputedStyle(box).fillOpacity]")
    assert look == ["rgb(255, 255, 255)", "1"]


def metrics_are_found_by_their_names(page):
    page.get_by_label("Find a metric").fill("val/")
    expect(page.locator("#charts-grid figcaption")).to_have_text(["val/score"])
    page.get_by_label("Find a metric").fill("")
    expect(page.locator("#charts-grid figcaption").first).to_have_text("loss")


def all_axes_are_seen(visitor):
    """The list of axes is as high as its entries."""
    visitor.page.click("#charts-axis")
    expect(visitor.page.locator(".dash-dropdown-option")).not_to_have_count(0)
    visitor.eventually(
        "(list => list.scrollHeight - list.clientHeight)(document.querySelector('.dash-dropdown-content'))", 0
    )
    visitor.page.keyboard.press("Escape")


def a_second_run_is_chosen(visitor):
    page = visitor.page
    page.click("#charts-runs")
    visitor.search("second")
    visitor.choose("second")
    page.keyboard.press("Escape")
    visitor.eventually(POINTS, [30, 30, 12, 12])
    expect(page.locator("#charts-legend a")).to_have_text(["first", "second"])
    expect(page.locator("#charts-grid figcaption").filter(has_text="val/loss")).to_have_count(1)


def choose_some_settings(visitor):
    """Settings beside the smoothing, the logarithm and the size; what the address then says."""
    visitor.page.get_by_label("Find a metric").fill("s")
    visitor.page.click("#charts-axis")
    visitor.choose("seconds since the start")
    visitor.page.click("#charts-section")
    visitor.choose("val (2)")
    chosen = {"find": "s", "section": "val", "axis": "_runtime", "smoothing": "0.99", "log": "1", "size": "large"}
    unnamed = SEARCH.replace("location.search)", "location.search.replace(/runs=[^&]*/, ''))")
    visitor.eventually(unnamed, chosen)
    return visitor.page.evaluate(SEARCH)


def leave_and_come_back(page):
    page.get_by_role("link", name="files").click()
    page.wait_for_selector("#files-grid")
    page.go_back()
    page.wait_for_selector("#charts-grid")


def the_charts_are_as_they_were(visitor, settings):
    page = visitor.page
    expect(page.locator("#charts-grid figcaption")).to_have_text(["val/loss", "val/score"])
    visitor.eventually(
        f"document.querySelectorAll('.js-plotly-plot')[1]?.{POINTS_OF}", [30, 30, 0, 0, 2]
    )  # the marks have no place on a log axis
    visitor.eventually(f"{PLOT}.layout.yaxis.type", "log")
    visitor.eventually(f"{PLOT}.layout.xaxis.title.text", "seconds since the start")
    expect(page.locator("#charts-grid")).to_have_class("charts-grid large")
    expect(page.locator("#charts-legend a")).to_have_text(["first", "second"])
    expect(page.get_by_label("Find a metric")).to_have_value("s")
    visitor.eventually(SEARCH, settings)


@pytest.mark.soak
def test_metrics_lie_over_what_the_script_has_defined_and_hidden_ones_wait(visitor: Visitor, other_run):
    page = visitor.open(run_path(other_run))
    figures = "[...document.querySelectorAll('#charts-grid figure')]"
    axis = "figure.querySelector('.js-plotly-plot')?.layout?.xaxis?.title?.text"
    axes = f"Object.fromEntries({figures}.map(figure => [figure.querySelector('figcaption').innerText, {axis}]))"
    visitor.eventually(axes, {"loss": "step", "round": "step", "val/loss": "round"})
    visitor.eventually(f"{figures}.at(-1).querySelector('.js-plotly-plot').data[0].x", [0, 1, 2])
    page.click("#charts-section")
    visitor.choose("hidden (1)")
    visitor.eventually(axes, {"val/secret": "step"})
    page.click("#charts-axis")
    visitor.choose("round")
    visitor.eventually(axes, {"val/secret": "round"})


MARKS = "[...document.querySelectorAll('.js-plotly-plot .overplot .points path')].length"


def zoom(page, plot, left, right):
    """Drag over a part of a chart; fractions of its width."""
    box = page.locator(".js-plotly-plot .nsewdrag").nth(plot).bounding_box()
    page.mouse.move(box["x"] + box["width"] * left, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * right, box["y"] + 30, steps=3)
    page.mouse.up()
    return box


def zoom_out(page, box):
    """Double click in the middle of a chart."""
    page.mouse.dblclick(box["x"] + box["width"] * 0.5, box["y"] + 30)


def seen(visitor, wanted):
    """Wait until the highest point that is drawn within what a chart shows of its axis is this one."""
    script = """(plot => {
        const of = (x) => typeof x === "string" ? Date.parse(x) : x;
        const {x, y} = plot?.data?.[0] ?? {x: [], y: []};
        const [left, right] = (plot?.layout?.xaxis?.range ?? []).map(of);
        return Math.max(...y.filter((_, place) => left <= of(x[place]) && of(x[place]) <= right));
    })(document.querySelector(".js-plotly-plot"))"""
    visitor.eventually(script, wanted)


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


@pytest.mark.soak
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


@pytest.mark.soak
def test_a_long_run_shows_its_spikes_what_is_not_finite_and_all_points_on_every_zoom_and_axis(visitor: Visitor, send):
    stamps = [{"zeal": n // 10, "_runtime": n / 2, "_timestamp": 1.7e9 + n / 2} for n in range(20_000)]
    rows = [{"loss": 0.4 + n % 2 / 5, **stamp} for n, stamp in enumerate(stamps)]
    for place, value in {7_111: 50.0, 13_333: 60.0, 16_234: float("nan")}.items():
        rows[place]["loss"] = value
    send("long", 0, rows, complete=True, exitcode=0)
    page = visitor.open("/local/web/runs/long?find=loss")
    seen(visitor, 60)
    a_zoom_shows_more_points_and_fits_them(visitor)
    for axis in ("step", "seconds since the start", "time", "zeal"):
        page.click("#charts-axis")
        visitor.choose(axis)
        visitor.eventually(f"{PLOT}?.layout?.xaxis?.title?.text?.split(' (')[0]", axis)
        a_zoom_shows_the_lower_spike(visitor)
    page.get_by_role("slider", name="Smoothing").focus()
    page.keyboard.press("End")
    lines = f"{PLOT}.data.map(trace => `${{trace.y.length > 200}}`).join()"
    visitor.eventually(lines, "true,true,false")  # as logged, smoothed, and the mark
    visitor.eventually(MARKS, 1)
    titles = page.evaluate("[...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title)")
    assert titles and not any("hare" in title or "loud" in title for title in titles)  # nothing leaves this machine


def a_zoom_shows_more_points_and_fits_them(visitor):
    page, top = visitor.page, f"Math.round({PLOT}.layout.yaxis.range[1])"
    within = f"{PLOT}.data[0].x.filter(x => 7400 <= x && x <= 8400).length"
    before = page.evaluate(within)
    assert 40 < before < 60
    visitor.eventually(f"{top} > 60", True)
    box = zoom(page, 0, 0.37, 0.42)  # a spike lies beyond the left edge
    visitor.eventually(f"{within} > 600", True)
    visitor.eventually(top, 1)
    left, right = page.evaluate(f"{PLOT}.layout.xaxis.range")
    assert 7300 < left < right < 8500
    zoom_out(page, box)
    visitor.eventually(f"{PLOT}.layout.xaxis.range[1] > 19000", True)
    visitor.eventually(f"{top} > 60", True)
    visitor.eventually(within, before)


def a_zoom_shows_the_lower_spike(visitor):
    seen(visitor, 60)
    visitor.eventually(MARKS, 1)
    box = zoom(visitor.page, 0, 0.32, 0.39)
    seen(visitor, 50)
    visitor.eventually(f"{PLOT}.data[0].y.includes(60)", False)
    visitor.eventually(MARKS, 0)
    zoom_out(visitor.page, box)
    seen(visitor, 60)
