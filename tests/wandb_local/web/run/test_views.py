"""The views of a run in a browser."""

import wave

import numpy as np
import plotly.graph_objects  # type: ignore[import-untyped]
import pytest
import wandb
from playwright.sync_api import expect

from tests.wandb_local.web.conftest import Visitor, run_path
from wandb_local.web.run.histograms import histogram
from wandb_local.web.run.media import items


def test_overview_and_the_difference_to_another_run(visitor: Visitor, logged_run):
    with wandb.init(
        project="web", name="deeper", config={"lr": 0.1, "model": {"depth": 4}}, notes="**a note**"
    ) as other:
        other.summary["loss"] = 7
    page = visitor.open(run_path(other, "overview"))
    expect(page.locator(".prose strong")).to_have_text("a note")
    expect(page.locator("#overview-config .ag-pinned-left-cols-container .ag-row")).to_have_text(["lr", "model.depth"])
    page.click("#overview-other")
    visitor.choose("first")
    expect(page.locator("#overview-config .ag-pinned-left-cols-container .ag-row")).to_have_text(["model.depth"])
    expect(page.locator("#overview-config .ag-center-cols-container .ag-cell")).to_have_text(["4", "3"])
    page.get_by_label("only differences").uncheck()
    expect(page.locator("#overview-config .ag-pinned-left-cols-container .ag-row")).to_have_text(["lr", "model.depth"])
    assert visitor.inaccessible() == []


def test_console_lines_are_found_and_paged(visitor: Visitor, client_home):
    with wandb.init(project="web") as run:
        for number in range(1200):
            run.write_logs(f"\x1b[32mline {number}\x1b[0m" if number % 2 else f"line {number}")
    page = visitor.open(run_path(run, "logs"))
    expect(page.locator("#console-range")).to_have_text("lines 201 to 1200 of 1200")
    expect(page.locator("#console-lines")).to_contain_text("line 1199")
    expect(page.locator("#console-lines span")).to_have_count(500)
    page.click("text=Older")
    expect(page.locator("#console-range")).to_have_text("lines 1 to 200 of 1200")
    page.get_by_label("Find").fill("LINE 77")
    found = (77, *range(770, 780))
    expect(page.locator("#console-lines")).to_have_text("\n".join(f"line {n}" for n in found))
    expect(page.locator("#console-lines span")).to_have_text([f"line {n}" for n in found if n % 2])
    assert visitor.inaccessible() == []


def test_media_with_a_slider_over_the_steps(visitor: Visitor, logged_run):
    page = visitor.open(run_path(logged_run, "media"))
    card = page.locator("#gallery-cards section").filter(has=page.get_by_role("heading", name="picture"))
    expect(card.locator("[aria-live]")).to_have_text("step 29 (3 of 3)")
    last = card.locator("img").get_attribute("src")
    page.get_by_role("slider", name="Step of picture").focus()
    page.keyboard.press("Home")
    expect(card.locator("[aria-live]")).to_have_text("step 9 (1 of 3)")
    expect(card.locator("img")).not_to_have_attribute("src", last)
    expect(card.locator("figcaption")).to_have_text("a street")
    page.click("#gallery-mask")
    visitor.choose("truth")
    visitor.eventually("document.querySelector('canvas.mask').dataset.painted", "truth")
    pixel = "[...document.querySelector('canvas.mask').getContext('2d').getImageData(30, {}, 1, 1).data].slice(0, 3)"
    assert page.evaluate(pixel.format(20)) != page.evaluate(pixel.format(2))  # a car on the road
    expect(page.locator(".classes li")).to_have_text(["road", "car"])
    visitor.eventually(
        "[...document.querySelectorAll('img.logged')].every(i => i.complete && i.naturalWidth > 0)", True
    )
    assert visitor.inaccessible() == []


def test_kinds_of_media_that_are_not_shown_are_counted(visitor: Visitor, client_home):
    with wandb.init(project="web") as run:
        run.log({f"page {number:02}": wandb.Html(f"<b>{number}</b>", inject=False) for number in range(13)})
    page = visitor.open(run_path(run, "media"))
    expect(page.locator("#gallery-cards section")).to_have_count(12)
    expect(page.locator("#gallery-note")).to_have_text("12 of 13 kinds of media are shown. Choose other kinds above.")
    page.click("#gallery-keys")
    visitor.choose("page 12")
    page.keyboard.press("Escape")
    expect(page.locator("#gallery-cards section")).to_have_count(13)
    expect(page.locator("#gallery-note")).to_have_text("")


@pytest.mark.soak
def test_no_medium_reaches_beyond_its_card_or_over_its_neighbour(visitor: Visitor, client_home, tmp_path):
    with wave.open(str(tmp_path / "tone.wav"), "wb") as tone:
        tone.setparams((1, 2, 8000, 0, "NONE", ""))
        tone.writeframes(bytes(8000))
    players = [{"_type": "audio-file", "path": "tone.wav"}] * 2  # as the client writes it that has soundfile
    points = wandb.Object3D(np.zeros((4, 3)))
    sized = wandb.Plotly(plotly.graph_objects.Figure(layout={"width": 900, "height": 500}))
    with wandb.init(project="web") as run:
        run.save(tmp_path / "tone.wav", base_path=tmp_path)
        run.log({"audio": {"_type": "audio", "audio": players}, "points": [points, points], "sized": sized})
        run.log({"two": [sized, sized]})
    page = visitor.open(run_path(run, "media"))
    expect(page.locator("#gallery-cards h2")).to_have_text(["audio", "points", "sized", "two"])
    expect(page.locator("#gallery-cards section").nth(1).get_by_role("link")).to_have_count(2)
    expect(page.locator("#gallery-cards .main-svg:first-child")).to_have_count(3)
    for width in (1400, 390):
        page.set_viewport_size({"width": width, "height": 900})
        beyond = (
            "[...document.querySelectorAll('.gallery section')].filter(card => "
            "[...card.querySelectorAll('.medium *')].some(part => ['right', 'bottom'].some("
            "side => part.getBoundingClientRect()[side] > card.getBoundingClientRect()[side]))).length"
        )
        visitor.eventually(beyond, 0)
        boxes = "[...document.querySelectorAll('audio')].map(each => each.getBoundingClientRect())"
        apart = f"(([one, other]) => one.bottom <= other.top || one.right <= other.left)({boxes})"
        assert page.evaluate(apart)


def test_tables_artifacts_and_files_lead_on(visitor: Visitor, logged_run):
    page = visitor.open(run_path(logged_run, "tables"))
    expect(page.locator(".links li")).to_have_text(["val/table12 rows, 4 columns"])
    assert page.get_attribute(".links a", "href") == run_path(logged_run, "tables", "val", "table")
    page = visitor.open(run_path(logged_run, "artifacts"))
    link = page.get_by_role("link", name="weights:v0")
    assert link.get_attribute("href") == "/local/web/artifacts/model/weights/v0"
    page = visitor.open(run_path(logged_run, "files"))
    with page.expect_popup() as opened:
        page.get_by_role("link", name="wandb-summary.json").click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith("/wandb-summary.json")


def test_what_a_logged_value_holds():
    one = {"_type": "image-file", "path": "a.png", "caption": "c"}
    assert items(one) == [one]
    many = {"_type": "images/separated", "filenames": ["a", "b"], "captions": ["x", ""], "all_masks": [{"m": 1}, None]}
    assert items(many) == [
        {"_type": "image-file", "path": "a", "caption": "x", "masks": {"m": 1}},
        {"_type": "image-file", "path": "b"},
    ]
    several = {"_type": "videos", "videos": [{"_type": "video-file", "path": "a.mp4"}], "captions": ["run"]}
    assert items(several) == [{"_type": "video-file", "path": "a.mp4", "caption": "run"}]
    audio = {"_type": "audio", "count": 1, "audio": [{"_type": "audio-file", "path": "a.wav"}], "captions": ["hum"]}
    assert items(audio) == [{"_type": "audio-file", "path": "a.wav", "caption": "hum"}]
    things = [{"_type": "object3D-file", "path": f"media/object3D/{name}.pts.json"} for name in "ab"]
    assert items({"_type": "object3D", "filenames": ["a.pts.json", "b.pts.json"], "objects": things}) == things
    assert items({"_type": "molecule", "filenames": ["a.pdb"], "captions": False}) == [
        {"_type": "molecule-file", "path": "a.pdb"}
    ]
    figures = [{"_type": "plotly-file", "path": "a.plotly.json"}] * 2
    assert items(figures) == figures
    assert items(3) == items(None) == items([1, 2]) == []


def test_a_histogram_of_values_that_are_too_close_to_0_for_plotly_is_drawn_at_0():
    figure, said = histogram({"bins": [0, 1e-310, 2e-310], "values": [1, 2]})
    assert figure is not None
    (bars,) = figure["data"]
    assert (bars["x"], bars["y"], bars["width"], said) == ([0, 0], [1, 2], [0, 0], "")


NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("logged", "bars", "lost"),
    [
        ({"bins": [0, 1, 2, "NaN"], "values": [1, 2, 3]}, [(0.5, 1), (1.5, 2)], 1),
        ({"bins": [-INFINITE, 0, 1, INFINITE], "values": [1, 2, 3]}, [(0.5, 2)], 2),
        ({"bins": [0, 1, 2], "values": ["Infinity", 2]}, [(1.5, 2)], 1),
        ({"bins": [0, 1, 2], "values": [NAN, None]}, [], 0),
        ({"bins": [0, 1, 10**400], "values": [1, 2]}, [(0.5, 1)], 1),
        ({"bins": [1e308, -1e308, 1e308, 1.1e308], "values": [1, 2, 3]}, [(1.05e308, 3)], 2),
        ({"bins": [[0], {}, "1"], "values": [1, 2]}, [], 0),
        ({"bins": [0, 1], "values": [1, 2, 3]}, [(0.5, 1)], 2),
        ({"bins": "abc", "values": 3}, [], 0),
        ({}, [], 0),
        *(
            ({"packedBins": {"min": 0, "size": 1, "count": count}, "values": [1, 2]}, [(0.5, 1), (1.5, 2)], 0)
            for count in (2, 2.0, -3, 1 << 40, "2", None, NAN)
        ),
        ({"packedBins": {"min": "NaN", "size": 1, "count": 1}, "values": [1]}, [], 0),
        ({"packedBins": {"min": 0, "size": "Infinity", "count": 2}, "values": [1, 2]}, [], 0),
        ({"packedBins": {"size": -1, "min": 0, "count": 1}, "values": [1]}, [], 0),
        ({"packedBins": {"count": 1}, "values": [1]}, [], 0),
    ],
)
def test_of_a_histogram_what_can_be_drawn_is(logged, bars, lost):
    figure, said = histogram({"_type": "histogram", **logged})
    drawn = [] if figure is None else list(zip(figure["data"][0]["x"], figure["data"][0]["y"], strict=True))
    assert drawn == bars
    assert said.startswith(f"{lost} of {len(bars) + lost} bars" if lost else "" if bars else "This histogram has no")


def test_a_page_of_media_has_histograms_that_are_no_numbers(visitor, client_home, project):
    with wandb.init(project=project, id="r") as run:
        run.log({"part": wandb.Histogram(np_histogram=(np.array([1, 2]), np.array([0, 1, INFINITE])))})
        run.log({"none": wandb.Histogram(np_histogram=(np.array([1]), np.array([NAN, INFINITE])))})
        run.log({"packed": {"_type": "histogram", "values": [3], "packedBins": {"min": 0, "size": 1, "count": -1}}})
    page = visitor.open(f"/local/{project}/runs/r/media")
    for text in ("1 of 2 bars are left out", "This histogram has no bars that can be drawn."):
        page.wait_for_selector(f"text={text}")
    expect(page.locator(".medium .js-plotly-plot")).to_have_count(2)
