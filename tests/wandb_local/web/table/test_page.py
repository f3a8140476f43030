"""The table page in a real browser, on tables that the real client has logged."""

import csv
import io
import json
import re

import pytest
import wandb
from playwright.sync_api import Page, Route, expect

from tests.wandb_local.web.conftest import Visitor, run_path
from tests.wandb_local.web.table.steps import (
    HOSTILE,
    NAMES,
    apply,
    column,
    count,
    frames,
    open_table,
    pixel,
    query,
    toggle,
)
from wandb_local.web.table.tokens import spelled


@pytest.mark.soak
@pytest.mark.soak
def test_filters_sorting_columns_menus_and_a_comparison(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0], query="?filter=dice/person+%3C+")
    a_wrong_filter_is_explained_and_the_rows_stay(page)
    a_filter_that_takes_long_is_seen_to_be_at_work(visitor)
    a_class_is_required_by_a_menu(visitor)
    rows_are_sorted_and_filtered(page)
    page.click("summary:has-text('Columns')")
    assert visitor.inaccessible() == []
    a_column_is_hidden(page)
    menus_close_at_escape_and_at_a_click_outside(visitor)
    apply(page, "")
    count(page, "6 of 6")
    page.click("summary:has-text('Compare')")
    page.click("#table-compare")
    page.wait_for_url(f"**?with={runs[1].id}&on=name")
    it_is_seen_where_b_is_worse_than_a(page)


def a_wrong_filter_is_explained_and_the_rows_stay(page: Page) -> None:
    expect(page.locator("#table-problem")).to_contain_text("at character 15: expected a column or a value")
    count(page, "6 of 6")
    apply(page, "dice/persn < 1")
    expect(page.locator("#table-problem")).to_contain_text("did you mean dice/person?")
    count(page, "6 of 6")
    apply(page, "dice/person is null")
    count(page, "1 of 6")
    expect(page.locator("#table-problem")).to_be_empty()


def a_filter_that_takes_long_is_seen_to_be_at_work(visitor: Visitor) -> None:
    page, held, slow = visitor.page, [], [True]
    busy = page.locator("#table-busy")
    expect(busy).to_be_hidden()

    def hold(route: Route) -> None:
        rows = "getRowsResponse" in (route.request.post_data or "")
        held.append(route) if slow and rows else route.continue_()

    page.route("**/_dash-update-component*", hold)
    apply(page, "has(truth, person)")
    expect(busy).to_be_visible()
    expect(busy).to_have_text("Searching the rows…")
    assert visitor.inaccessible() == []
    slow.clear()
    for route in held:
        route.continue_()
    count(page, "5 of 6")
    expect(busy).to_be_hidden()
    page.unroute_all(behavior="ignoreErrors")


def a_class_is_required_by_a_menu(visitor: Visitor) -> None:
    page = visitor.page
    apply(page, "flagged or not flagged")
    count(page, "6 of 6")
    page.click("summary:has-text('Has class')")
    for choice, value in (("class", "person"), ("set", "prediction")):
        page.click(f"#table-has-{choice}")
        visitor.choose(value)
    page.click("#table-has")
    count(page, "5 of 6")
    assert page.input_value("#table-filter") == '(flagged or not flagged) and has("prediction", "person")'
    apply(page, "has(truth, traffic light)")
    count(page, "0 of 6")
    apply(page, "")
    count(page, "6 of 6")
    page.click("h1")  # closes the menu


def rows_are_sorted_and_filtered(page: Page) -> None:
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    expect(page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]")).to_have_text("frame 5")
    expect(column(page, 1)).to_have_text(["0.15", "0.45", "0.6", "0.75", "0.9", "–"])
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    expect(page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]")).to_have_text("frame 0")
    expect(column(page, 0).last).to_have_text("frame 4")
    apply(page, "dice/person < 0.7 and flagged")
    count(page, "2 of 6")
    expect(column(page, 0)).to_have_text(["frame 3", "frame 5"])


def a_column_is_hidden(page: Page) -> None:
    toggle(page, "columns", "flagged")
    expect(page.locator("#table-grid .ag-header-cell[col-id=c2]")).to_have_count(0)
    expect(page).to_have_url(re.compile("hide="))
    assert query(page) == {
        "filter": "dice/person < 0.7 and flagged",
        "sort": '["-dice/person"]',
        "hide": '["flagged"]',
    }


def menus_close_at_escape_and_at_a_click_outside(visitor: Visitor) -> None:
    """While a row is open, which Escape closes only if no menu is open."""
    page = visitor.page
    page.locator("#table-grid .ag-row[row-index='1'] .table-open").click()
    expect(page.locator("#table-position")).to_have_text("Row 6 · 2 of 2")
    menus = page.locator("details.table-menu")
    opened = page.locator("details.table-menu[open] > summary")
    assert menus.count() == 4
    for title in menus.locator("summary").all():
        title.click()
        expect(opened).to_have_count(1)
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
        expect(title).to_be_focused()
        title.click()
        page.click("h1")
        expect(opened).to_have_count(0)
    page.click("summary:has-text('Has class')")
    page.click("#table-has-class")
    visitor.choose("road")  # in a list that lies elsewhere in the document
    expect(page.locator("#table-has-class")).to_contain_text("road")
    page.click("#table-has-class")
    page.keyboard.press("Escape")
    expect(page.locator(".dash-dropdown-content")).to_have_count(0)
    expect(opened).to_have_count(1)
    page.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    expect(page.locator("#table-position")).to_have_text("Row 6 · 2 of 2")  # the row is open still
    page.keyboard.press("Escape")
    expect(page.locator("#table-large")).to_be_hidden()


def it_is_seen_where_b_is_worse_than_a(page: Page) -> None:
    count(page, "6 of 6")
    headers = page.locator("#table-grid .ag-header-cell-text").all_inner_texts()
    assert headers[:4] == ["#", "dice/person (B-A)", "image", "name"]
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


def test_hostile_nested_and_unlabelled_cells_are_text_also_as_csv(visitor: Visitor, odd: wandb.Run) -> None:
    page = open_table(visitor, odd, "odd", '?sort=["-<b>name</b>"]')
    expect(page.locator("#table-grid .ag-header-cell[col-id=c0] .ag-header-cell-text")).to_have_text("<b>name</b>")
    expect(column(page, 0)).to_have_text(["unicode", "script", "huge", "formula"])
    expect(column(page, 2)).to_have_text(["-2", "1.5", "∞", "–"])  # the client writes NaN as null
    expect(column(page, 1).nth(1)).to_have_text(HOSTILE["script"])
    expect(column(page, 1).nth(2)).to_contain_text("… (250,000 characters)")
    expect(column(page, 3)).to_have_text(["–", '[1, "two", null]', "plain", '{"deep": {"er": [1]}}'])
    assert page.locator("#table-classes label").all_inner_texts() == ["class_0", "class_1", "class_2"]
    apply(page, "has(m, class_2) and `and` is null")
    count(page, "1 of 4")
    apply(page, "`and` >= inf")
    expect(column(page, 0)).to_have_text(["huge"])
    count(page, "1 of 4")
    apply(page, "text not contains 'long'")
    count(page, "3 of 4")
    the_filtered_rows_are_in_the_csv(page)
    page.click("#table-grid .ag-row[row-index='1'] .table-open")
    expect(page.locator("#table-panes figcaption")).to_have_text(["image"])  # a row without masks
    expect(page.locator("#table-fields")).to_contain_text(HOSTILE["script"])
    assert "stolen" not in page.title()


def the_filtered_rows_are_in_the_csv(page: Page) -> None:
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


def test_numbers_are_short_and_exact_under_the_pointer(visitor: Visitor, odd: wandb.Run) -> None:
    page = open_table(visitor, odd, "kinds")
    expect(column(page, 0)).to_have_text(["0.3333", "12345678901234567"])
    expect(column(page, 1)).to_have_text(['[0.6667, {"deep": 0.1429}]', "[1, 2]"])
    exact = [0.3333333333333333, [0.6666666666666666, {"deep": 0.14285714285714285}]]
    for place, value in enumerate(exact):
        expect(column(page, place).first.locator("[title]")).to_have_attribute("title", json.dumps(value))
    numbers = "[...document.querySelectorAll('#table-grid .table-number span')]"
    assert page.evaluate(f"{numbers}.filter(e => e.scrollWidth > e.clientWidth).length") == 0
    with page.expect_download() as waiting:
        page.click("#table-csv")
    first, second = list(csv.reader(io.StringIO(waiting.value.path().read_text(), newline="")))[1:]
    assert first[:2] == [json.dumps(value) for value in exact]
    assert second[0] == "12345678901234567"
    page.click("#table-grid .ag-row[row-index='0'] .table-open")
    expect(page.locator("#table-fields dd").first).to_have_text("0.33333")
    expect(page.locator("#table-fields dd [title]").first).to_have_attribute("title", json.dumps(exact[0]))
    expect(page.frame_locator("#table-fields iframe").locator("b")).to_have_text("bold")


def test_a_column_may_have_any_name(visitor: Visitor, odd: wandb.Run) -> None:
    page = open_table(visitor, odd, "names")
    headers = page.locator("#table-grid .ag-header-cell-text")
    expect(headers).to_have_text(["#", *NAMES])
    apply(page, " and ".join(f"{spelled(name, NAMES)} > 0" for name in NAMES))
    count(page, "1 of 2")
    apply(page, "")
    page.locator("#table-grid .ag-header-cell", has_text="a,b").click()
    page.locator("#table-grid .ag-header-cell", has_text="a,b").click()
    expect(column(page, 0)).to_have_text(["1", "0"])
    page.click("summary:has-text('Columns')")
    expect(page.locator("#table-columns label")).to_have_text(NAMES)
    page.click("#table-columns-none")
    expect(headers).to_have_text(["#"])
    for name in NAMES[:2]:
        page.locator("#table-columns label").get_by_text(name, exact=True).click()
    expect(headers).to_have_text(["#", *NAMES[:2]])
    page.reload()
    expect(column(page, 0)).to_have_text(["1", "0"])
    expect(headers).to_have_text(["#", *NAMES[:2]])


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


def test_what_is_not_there(visitor: Visitor, runs: list[wandb.Run]) -> None:
    for path, words in (
        (run_path(runs[0], "tables", "nothing"), "has no table 'nothing'"),
        (run_path(runs[0], "tables", "val", "frames") + "?step=77", "has no table 'val/frames' at step 77"),
        (run_path(runs[0], "tables", "val", "frames") + "?with=nobody", "nobody does not exist"),
        (run_path(runs[0], "tables", "val/frames") + f"?with={runs[1].id}&on=nothing", "cannot be joined on 'nothing'"),
        ("/local/tables/tables/nothing/v0/a.table.json", "nothing:v0 does not exist"),
    ):
        page = visitor.open(path)
        expect(page.locator("#shell-page")).to_contain_text(words)


def test_the_table_of_an_artifact_and_a_table_in_parts(visitor: Visitor, client_home: dict[str, str]) -> None:
    assert client_home
    with wandb.init(project="tables") as run:
        artifact = wandb.Artifact("frames", "dataset", metadata={"class_colors": {"person": "#ff8000"}})
        artifact.add(frames(), "all/frames")
        for part in range(3):
            artifact.add(wandb.Table(columns=["part"], data=[[part], [part]]), f"parts/{part}")
        artifact.add(wandb.data_types.PartitionedTable("parts"), "whole")
        run.log_artifact(artifact).wait()
    page = visitor.open("/local/tables/tables/frames/v0/all/frames.table.json?row=0&opacity=100")
    expect(page.locator("#table-panes canvas")).to_have_count(2)
    assert pixel(page, 0, 4 / 64, 20 / 48) == (255, 128, 0)
    page.check("#table-colors input")
    expect(page).to_have_url(re.compile("distinct=1"))
    assert pixel(page, 0, 4 / 64, 20 / 48) == (0, 0, 248)
    page = visitor.open("/local/tables/tables/frames/latest/whole.partitioned-table.json")
    count(page, "6 of 6")
    expect(column(page, 0)).to_have_text(["0", "0", "1", "1", "2", "2"])
