"""The table page in a real browser, on tables that the real client has logged."""

import csv
import io
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
import wandb
from playwright.sync_api import Locator, Page, expect

from tests.wandb_local.web.conftest import Visitor, run_path

GREY = (100, 100, 100)
LABELS = {0: "road", 1: "person", 9: "traffic light"}
HOSTILE = {
    "script": "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\">",
    "formula": '=HYPERLINK("http://127.0.0.1/", "x")',
    "huge": "long " * 50_000,
    "unicode": "naïve \u202e 行人 🚶 {{constructor}}",
}


def picture(left: int, **masks: int) -> wandb.Image:
    """A grey image; each mask has a person of 8 x 8 pixels that many pixels right of ``left``."""
    found: dict[str, Any] = {}
    for name, shift in masks.items():
        mask = np.zeros((48, 64), np.uint8)
        mask[16:24, left + shift : left + shift + 8] = 1
        found[name] = {"mask_data": mask, "class_labels": LABELS}
    return wandb.Image(np.full((48, 64, 3), GREY, np.uint8), masks=found or None, file_type="png")


def frames(worse: float = 0.0) -> wandb.Table:
    """Six frames: a score that falls for the odd ones, a flag, and missing values."""
    table = wandb.Table(columns=["name", "dice/person", "flagged", "image"])
    for number in range(6):
        score = None if number == 4 else 0.9 - 0.15 * number - (worse if number % 2 else 0)
        shown = picture(4 * number, truth=0, prediction=0 if number < 3 else 6)
        table.add_data(f"frame {number}", score, number % 2 == 1, None if number == 5 else shown)
    return table


@pytest.fixture(scope="module")
def runs(client_home: dict[str, str]) -> list[wandb.Run]:
    """Two runs with the same frames, the second one worse; and all kinds of other tables."""
    assert client_home
    logged = []
    for name, worse in (("A run", 0.0), ("B run", 0.2)):
        with wandb.init(project="tables", name=name) as run:
            run.log({"val/frames": frames(worse)})
            logged.append(run)
    return logged


@pytest.fixture(scope="module")
def odd(client_home: dict[str, str]) -> wandb.Run:
    """A run with hostile, nested, incremental and unlabelled tables."""
    assert client_home
    with wandb.init(project="tables", name="odd") as run:
        columns: list[str | int] = ["<b>name</b>", "text", "and", "nested", "array", "image"]
        table = wandb.Table(columns=columns, allow_mixed_types=True)
        numbers = [1.5, float("nan"), float("inf"), -2]
        nested = [[1, "two", None], {"deep": {"er": [1]}}, "plain", None]
        unlabelled = {"m": {"mask_data": np.arange(48 * 64).reshape(48, 64) % 3}}
        image = wandb.Image(np.full((48, 64, 3), GREY, np.uint8), masks=unlabelled)
        for row, (name, text) in enumerate(HOSTILE.items()):
            table.add_data(
                name, text, numbers[row], nested[row], np.full((2, 2), row), image if row == 1 else picture(0)
            )
        growing = wandb.Table(columns=["epoch", "loss"], log_mode="INCREMENTAL")
        for epoch in range(3):
            growing.add_data(epoch, 1 / (epoch + 1))
            run.log({"odd": table, "growing": growing, "each": wandb.Table(columns=["epoch"], data=[[epoch]])})
    return run


def open_table(visitor: Visitor, run: wandb.Run, key: str = "val/frames", query: str = "") -> Page:
    """The page of a table, with its rows."""
    page = visitor.open(run_path(run, "tables", *key.split("/")) + query)
    page.wait_for_selector("#table-count:not(:empty)")
    return page


def column(page: Page, place: int) -> Locator:
    """The cells of a column, from top to bottom."""
    return page.locator(f"#table-grid .ag-cell[col-id=c{place}]")


def count(page: Page, text: str) -> None:
    """Wait until the page says how many rows fit."""
    expect(page.locator("#table-count")).to_have_text(f"{text} rows")


def apply(page: Page, expression: str) -> None:
    page.fill("#table-filter", expression)
    page.press("#table-filter", "Enter")


def pixel(page: Page, pane: int, x: float, y: float) -> tuple[int, ...]:
    """The colour in a pane at a share of its width and height."""
    code = """([pane, x, y]) => {
        const target = document.querySelectorAll("#table-panes canvas")[pane];
        return [...target.getContext("2d").getImageData(x * target.width, y * target.height, 1, 1).data.slice(0, 3)];
    }"""
    return tuple(page.evaluate(code, [pane, x, y]))


def toggle(page: Page, which: str, label: str) -> None:
    page.locator(f"#table-{which} label", has_text=label).click()


def query(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def test_sort_filter_and_hide_columns(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0])
    count(page, "6 of 6")
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    expect(page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]")).to_have_text("frame 5")
    expect(column(page, 1)).to_have_text(["0.15", "0.45", "0.6", "0.75", "0.9", "–"])
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    expect(page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]")).to_have_text("frame 0")
    expect(column(page, 0).last).to_have_text("frame 4")
    apply(page, "dice/person < 0.7 and flagged")
    count(page, "2 of 6")
    expect(column(page, 0)).to_have_text(["frame 3", "frame 5"])
    page.click("summary:has-text('Columns')")
    assert visitor.inaccessible() == []
    toggle(page, "columns", "flagged")
    expect(page.locator("#table-grid .ag-header-cell[col-id=c2]")).to_have_count(0)
    expect(page).to_have_url(re.compile("hide="))
    assert query(page) == {
        "filter": "dice/person < 0.7 and flagged",
        "sort": '["-dice/person"]',
        "hide": '["flagged"]',
    }


def test_a_wrong_filter_is_explained_and_the_rows_stay(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0], query="?filter=dice/person+%3C+")
    expect(page.locator("#table-problem")).to_contain_text("at character 15: expected a column or a value")
    count(page, "6 of 6")
    apply(page, "dice/persn < 1")
    expect(page.locator("#table-problem")).to_contain_text("did you mean dice/person?")
    count(page, "6 of 6")
    apply(page, "dice/person is null")
    count(page, "1 of 6")
    expect(page.locator("#table-problem")).to_be_empty()


def test_has_class(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0], query="?filter=flagged+or+not+flagged")
    page.click("summary:has-text('Has class')")
    for choice, value in (("class", "person"), ("set", "prediction")):
        page.click(f"#table-has-{choice}")
        visitor.choose(value)
    page.click("#table-has")
    count(page, "5 of 6")
    assert page.input_value("#table-filter") == '(flagged or not flagged) and has("prediction", "person")'
    apply(page, "has(truth, traffic light)")
    count(page, "0 of 6")


def test_one_row_large_with_toggles_and_keys(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0], query='?sort=["-name"]&filter=image+is+not+null')
    expect(page.locator("#table-grid .table-tile canvas").first).to_be_visible()
    page.locator("#table-grid .ag-row[row-index='1'] .table-thumbs").click()
    expect(page.locator("#table-position")).to_have_text("Row 4 · 2 of 5")
    expect(page.locator("#table-panes figcaption")).to_have_text(["image · truth", "image · prediction"])
    inside = (16 / 64, 20 / 48)  # of the person in the truth of frame 3; the prediction has it 6 pixels further right
    truth, prediction = pixel(page, 0, *inside), pixel(page, 1, *inside)
    assert truth != prediction
    assert truth != GREY != prediction
    page.fill("#table-opacity", "0")
    expect(page).to_have_url(re.compile("opacity=0"))
    assert pixel(page, 0, *inside) == GREY
    page.fill("#table-opacity", "100")
    expect(page).to_have_url(re.compile("opacity=100"))
    assert pixel(page, 0, *inside) == (0, 0, 248)  # the palette's colour of class 1
    toggle(page, "classes", "road")
    expect(page).to_have_url(re.compile("off="))
    assert (pixel(page, 0, *inside), pixel(page, 1, *inside)) == ((0, 0, 248), GREY)
    assert visitor.inaccessible() == []
    toggle(page, "sets", "truth")
    expect(page.locator("#table-panes figcaption")).to_have_text(["image · prediction"])
    page.keyboard.press("ArrowRight")
    expect(page.locator("#table-position")).to_have_text("Row 3 · 3 of 5")
    expect(page.locator("#table-panes")).to_have_attribute("data-row", "2")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#table-position")).to_have_text("Row 5 · 1 of 5")
    expect(page.locator("#table-fields")).to_contain_text("frame 4")
    expect(page.locator("#table-previous")).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(page.locator("#table-large")).to_be_hidden()
    expect(page.locator("#table-grid .ag-row[row-index='0'] .ag-cell-focus")).to_be_visible()


def test_panes_zoom_together_and_name_the_class_under_the_pointer(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0], query="?row=3&opacity=100")
    expect(page.locator("#table-panes canvas")).to_have_count(2)
    box = page.locator("#table-panes canvas").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 16 / 64, box["y"] + box["height"] * 20 / 48)
    expect(page.locator("#table-readout")).to_have_text("prediction: road · truth: person")
    road = pixel(page, 1, 0.5, 20 / 48)
    for _ in range(4):
        page.mouse.wheel(0, -300)
    expect(page.locator("#table-readout")).to_have_text("prediction: road · truth: person")
    before = [pixel(page, pane, 0.05, 0.1) for pane in (0, 1)]
    assert before[0] == (0, 0, 248)  # the person fills the truth
    assert before[1] == road
    page.keyboard.press("0")
    assert pixel(page, 0, 0.05, 0.1) == road


def test_a_link_shows_the_whole_view_again(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0])
    apply(page, "`dice/person` > 0.2")
    count(page, "4 of 6")
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    page.click("summary:has-text('Columns')")
    toggle(page, "columns", "name")
    page.click("summary:has-text('Columns')")
    toggle(page, "sets", "prediction")
    page.locator("#table-classes label", has_text="person").dblclick()
    page.fill("#table-opacity", "35")
    page.locator("#table-grid .ag-row[row-index='1'] .table-thumbs").click()
    expect(page.locator("#table-position")).to_have_text("Row 3 · 2 of 4")
    expect(page).to_have_url(re.compile("row=2"))
    address = page.url
    assert query(page)["only"] == '["person"]'
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator("#table-position")).to_have_text("Row 3 · 2 of 4")
    expect(page.locator("#table-panes figcaption")).to_have_text(["image · truth"])
    assert [box.is_checked() for box in page.locator("#table-sets input").all()] == [True, False]
    assert [box.is_checked() for box in page.locator("#table-classes input").all()] == [False, True, False]
    assert (page.input_value("#table-opacity"), page.input_value("#table-filter")) == ("35", "`dice/person` > 0.2")
    page.click("#table-close")
    expect(page.locator("#table-grid .ag-header-cell[col-id=c0]")).to_have_count(0)
    expect(column(page, 1)).to_have_text(["0.45", "0.6", "0.75", "0.9"])
    assert page.url == address.replace("&row=2", "")


def test_where_is_b_worse_than_a(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0])
    page.click("summary:has-text('Compare')")
    page.click("#table-compare")
    page.wait_for_url(f"**?with={runs[1].id}&on=name")
    count(page, "6 of 6")
    headers = page.locator("#table-grid .ag-header-cell-text").all_inner_texts()
    assert headers[:4] == ["#", "name", "image", "dice/person (B-A)"]
    expect(column(page, 2)).to_have_text(["-0.2", "-0.2", "-0.2", "0", "0", "–"])
    apply(page, "dice/person (B-A) < -0.1 and dice/person (A) > 0.5")
    count(page, "1 of 6")
    expect(column(page, 0)).to_have_text(["frame 1"])
    page.locator("#table-grid .ag-row[row-index='0'] .table-thumbs").click()
    page.locator("#table-classes label", has_text="person").dblclick()
    expect(page).to_have_url(re.compile("only="))
    page.reload()
    count(page, "1 of 6")
    assert [box.is_checked() for box in page.locator("#table-classes input").all()] == [False, True, False]
    page.click("#table-close")
    assert page.locator("#table-sets label").all_inner_texts() == ["truth", "prediction"]
    page.goto(visitor.server.url + run_path(runs[0], "tables", "val/frames") + f"?with={runs[1].id}&on=nothing")
    expect(page.locator("#shell-page")).to_contain_text("cannot be joined on 'nothing'")


def test_csv_of_the_filtered_rows(visitor: Visitor, odd: wandb.Run) -> None:
    page = open_table(visitor, odd, "odd", '?sort=["-<b>name</b>"]')
    apply(page, "text not contains 'long'")
    count(page, "3 of 4")
    with page.expect_download() as waiting:
        page.click("#table-csv")
    assert waiting.value.suggested_filename == "odd.csv"
    rows = list(csv.reader(io.StringIO(waiting.value.path().read_text(), newline="")))
    assert rows[0] == ["<b>name</b>", "text", "and", "nested", "array", "image"]
    assert [row[:3] for row in rows[1:]] == [
        ["unicode", HOSTILE["unicode"], "-2"],
        ["script", HOSTILE["script"], "1.5"],
        ["formula", f"'{HOSTILE['formula']}", ""],
    ]
    assert rows[2][3:5] == ['[1, "two", null]', "[[0, 0], [0, 0]]"]


def test_hostile_nested_and_unlabelled_cells_are_text(visitor: Visitor, odd: wandb.Run) -> None:
    page = open_table(visitor, odd, "odd")
    expect(page.locator("#table-grid .ag-header-cell[col-id=c0]")).to_have_text("<b>name</b>")
    expect(column(page, 2)).to_have_text(["1.5", "–", "∞", "-2"])  # the client writes NaN as null
    expect(column(page, 1).first).to_have_text(HOSTILE["script"])
    expect(column(page, 1).nth(2)).to_contain_text("… (250,000 characters)")
    expect(column(page, 3)).to_have_text(['[1, "two", null]', '{"deep": {"er": [1]}}', "plain", "–"])
    assert page.locator("#table-classes label").all_inner_texts() == ["class_0", "class_1", "class_2"]
    apply(page, "has(m, class_2) and `and` is null")
    count(page, "1 of 4")
    apply(page, "`and` >= inf")
    count(page, "1 of 4")
    apply(page, "")
    count(page, "4 of 4")
    page.click("#table-grid .ag-row[row-index='0'] .table-open")
    expect(page.locator("#table-panes figcaption")).to_have_text(["image"])  # a row without masks
    expect(page.locator("#table-fields")).to_contain_text(HOSTILE["script"])
    assert "stolen" not in page.title()


def test_tables_that_grow_and_tables_of_every_step(visitor: Visitor, odd: wandb.Run) -> None:
    page = open_table(visitor, odd, "growing")
    count(page, "3 of 3")
    expect(column(page, 1)).to_have_text(["1", "0.5", "0.3333"])
    page = open_table(visitor, odd, "each")
    expect(column(page, 0)).to_have_text(["2"])
    page.click("#table-step")
    visitor.choose("1")
    page.wait_for_url("**?step=1")
    page.wait_for_selector("#table-count:not(:empty)")
    expect(column(page, 0)).to_have_text(["1"])


def test_by_keyboard_alone(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0])
    page.focus("#table-filter")
    page.keyboard.type("dice/person > 0.5")
    page.keyboard.press("Enter")
    count(page, "3 of 6")
    page.focus("#table-grid .ag-header-cell[col-id=open]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#table-position")).to_have_text("Row 2 · 2 of 3")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#table-position")).to_have_text("Row 3 · 3 of 3")
    page.keyboard.press("Escape")
    expect(page.locator("#table-grid .ag-row[row-index='2'] .ag-cell-focus")).to_be_visible()


def test_what_is_not_there(visitor: Visitor, runs: list[wandb.Run]) -> None:
    for path, words in (
        (run_path(runs[0], "tables", "nothing"), "has no table 'nothing'"),
        (run_path(runs[0], "tables", "val", "frames") + "?step=77", "has no table 'val/frames' at step 77"),
        (run_path(runs[0], "tables", "val", "frames") + "?with=nobody", "nobody does not exist"),
        ("/local/tables/tables/nothing/v0/a.table.json", "nothing:v0 does not exist"),
    ):
        page = visitor.open(path)
        expect(page.locator("#shell-page")).to_contain_text(words)


def test_the_table_of_an_artifact(visitor: Visitor, runs: list[wandb.Run]) -> None:
    with wandb.init(project="tables", id=runs[1].id, resume="must") as run:
        artifact = wandb.Artifact("frames", "dataset", metadata={"class_colors": {"person": "#ff8000"}})
        artifact.add(frames(), "all/frames")
        run.log_artifact(artifact).wait()
    page = visitor.open("/local/tables/tables/frames/v0/all/frames.table.json?row=0&opacity=100")
    expect(page.locator("#table-panes canvas")).to_have_count(2)
    assert pixel(page, 0, 4 / 64, 20 / 48) == (255, 128, 0)
    page.check("#table-colors input")
    expect(page).to_have_url(re.compile("distinct=1"))
    assert pixel(page, 0, 4 / 64, 20 / 48) == (0, 0, 248)


def test_a_table_in_parts(visitor: Visitor, runs: list[wandb.Run]) -> None:
    with wandb.init(project="tables", id=runs[1].id, resume="must") as run:
        artifact = wandb.Artifact("parts", "dataset")
        for part in range(3):
            artifact.add(wandb.Table(columns=["part"], data=[[part], [part]]), f"parts/{part}")
        artifact.add(wandb.data_types.PartitionedTable("parts"), "whole")
        run.log_artifact(artifact).wait()
    page = visitor.open("/local/tables/tables/parts/latest/whole.partitioned-table.json")
    count(page, "6 of 6")
    expect(column(page, 0)).to_have_text(["0", "0", "1", "1", "2", "2"])
