"""One row of a table large, in a real browser: toggles, keys, panes, and the link to the view."""

import re

import wandb
from playwright.sync_api import expect

from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.table.steps import GREY, apply, column, count, open_table, pixel, query, toggle


def test_one_row_large_with_toggles_and_keys(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0], query='?sort=["-name"]&filter=image+is+not+null')
    expect(page.locator("#table-grid .ag-row[row-index='0'] .table-tile")).to_have_text(["truth", "prediction"])
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


def test_another_row_begins_whole(visitor: Visitor, runs: list[wandb.Run]) -> None:
    page = open_table(visitor, runs[0], query="?row=2&opacity=100")
    expect(page.locator("#table-panes")).to_have_attribute("data-row", "2")
    person, corner = (16 / 64, 20 / 48), (0.02, 0.02)
    road = pixel(page, 0, *corner)
    box = page.locator("#table-panes canvas").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 14 / 64, box["y"] + box["height"] * 20 / 48)
    for _ in range(5):
        page.mouse.wheel(0, -300)
    visitor.eventually("document.querySelector('#table-panes canvas').style.touchAction", "none")
    assert pixel(page, 0, *corner) != road
    page.keyboard.press("ArrowRight")
    expect(page.locator("#table-panes")).to_have_attribute("data-row", "3")
    assert (pixel(page, 0, *corner), pixel(page, 0, *person)) == (road, (0, 0, 248))


def test_an_address_with_a_row_that_is_none(visitor: Visitor, runs: list[wandb.Run]) -> None:
    for row, words in (
        ("999", "There is no row 1,000: the table has 6 rows"),
        ("6", "no row 7"),
        ("x", "'x' is not the number of a row"),
    ):
        page = open_table(visitor, runs[0], query=f"?row={row}")
        count(page, "6 of 6")
        expect(page.locator(".table-no-row")).to_contain_text(words)
        expect(page).not_to_have_url(re.compile("row="))
    page.locator("#table-grid .ag-row[row-index='1'] .table-open").click()
    expect(page.locator("#table-position")).to_have_text("Row 2 · 2 of 6")
    expect(page.locator(".table-no-row")).to_be_hidden()


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
    expect(page).to_have_url(address.replace("&row=2", ""))


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
