"""What a person sees of the pictures in the rows: a tile for every kind of masks, on every way to the page."""

import re

import numpy as np
import pytest
import wandb
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.table.steps import GREY, apply, count, open_table, pixel, toggle
from tests.wandb_local.web.table.tiles import THREE, TILES, all_rows_show, street

# For every row, from the top: the names of its tiles; with a mark where its masks, or itself, cannot be seen.


@pytest.fixture(scope="module")
def streets(client_home: dict[str, str]) -> list[wandb.Run]:
    """Two runs that logged the street; the first one also as a file of an artifact."""
    assert client_home
    runs = []
    for shift in (4, 8):
        with wandb.init(project="tiles", name=f"shift {shift}") as run:
            run.log({"street": street(shift)})
            if shift == 4:
                colors = {"correct": "#80808046", "person": "#ff8000"}
                artifact = wandb.Artifact("street", "dataset", metadata={"class_colors": colors})
                artifact.add(street(shift), "street")
                run.log_artifact(artifact).wait()
            runs.append(run)
    return runs


def placed(element: Locator) -> FloatRect:
    """Where an element is seen on the page, in pixels."""
    box = element.bounding_box()
    assert box is not None
    return box


def first_row(page: Page, name: str) -> None:
    expect(page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]")).to_have_text(name)


def test_a_table_opens_with_its_masks(visitor: Visitor, streets: list[wandb.Run]) -> None:
    for query, rows in (("", 120), ('?filter=priority_score+%3C+0.1&sort=["-priority_score"]', 12)):
        page = open_table(visitor, streets[0], "street", query)
        count(page, f"{rows} of 120")
        all_rows_show(visitor, THREE)


def test_masks_after_filter_sorting_and_paging(visitor: Visitor, streets: list[wandb.Run]) -> None:
    page = open_table(visitor, streets[0], "street")
    page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]").click()
    page.keyboard.press("Control+End")
    expect(page.locator("#table-grid .ag-row[row-index='119'] [col-id=c0]")).to_have_text("frame 119")
    all_rows_show(visitor, THREE)
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    page.keyboard.press("Control+Home")
    first_row(page, "frame 119")
    all_rows_show(visitor, THREE)
    apply(page, "name contains '7'")
    first_row(page, "frame 117")
    all_rows_show(visitor, THREE)


def test_back_closes_the_row_and_forward_opens_it(visitor: Visitor, streets: list[wandb.Run]) -> None:
    page = open_table(visitor, streets[0], "street", "?filter=priority_score+%3C+0.1")
    table = page.url
    all_rows_show(visitor, THREE)
    page.locator("#table-grid .ag-row[row-index='1'] .table-thumbs").click()
    expect(page.locator("#table-position")).to_have_text("Row 2 · 2 of 12")
    page.keyboard.press("ArrowRight")  # another row is no other step
    expect(page.locator("#table-position")).to_have_text("Row 3 · 3 of 12")
    page.go_back()
    expect(page.locator("#table-large")).to_be_hidden()
    expect(page).to_have_url(table)
    all_rows_show(visitor, THREE)
    page.go_forward()
    expect(page.locator("#table-position")).to_have_text("Row 3 · 3 of 12")
    expect(page.locator("#table-panes figcaption")).to_have_text([f"image · {name}" for name in THREE])
    page.keyboard.press("Escape")  # takes the step back as well
    expect(page.locator("#table-large")).to_be_hidden()
    expect(page).to_have_url(table)
    page.locator("#shell-crumbs a").last.click()
    page.wait_for_selector("nav[aria-label=Run]")
    page.go_back()
    count(page, "12 of 120")
    expect(page.locator("#table-large")).to_be_hidden()
    all_rows_show(visitor, THREE)


def test_a_link_to_a_row_has_the_table_behind_it(visitor: Visitor, streets: list[wandb.Run]) -> None:
    page = open_table(visitor, streets[0], "street", "?row=5")
    expect(page.locator("#table-panes figcaption")).to_have_text([f"image · {name}" for name in THREE])
    page.locator("#shell-crumbs a").last.click()
    page.wait_for_selector("nav[aria-label=Run]")
    page.go_back()
    expect(page.locator("#table-position")).to_have_text("Row 6 · 6 of 120")
    page.click("#table-close")
    expect(page.locator("#table-grid .ag-row[row-index='5'] .ag-cell-focus")).to_be_visible()
    all_rows_show(visitor, THREE)
    page.go_back()  # there was no step from the table to the row
    expect(page).not_to_have_url(re.compile("street"))


def test_masks_of_a_comparison_and_of_an_artifact(visitor: Visitor, streets: list[wandb.Run]) -> None:
    open_table(visitor, streets[0], "street", f"?with={streets[1].id}&on=name")
    all_rows_show(visitor, ["truth", "prediction (A)", "prediction (B)", "error (A)", "error (B)"])
    visitor.open("/local/tiles/tables/street/v0/street.table.json")
    all_rows_show(visitor, THREE)


def test_all_pictures_of_a_cell_are_seen_or_counted(visitor: Visitor, streets: list[wandb.Run]) -> None:
    grey = [wandb.Image(np.full((48, 64, 3), GREY, np.uint8)) for _ in range(6)]
    with wandb.init(project="tiles", id=streets[1].id, resume="must") as run:
        run.log({"many": wandb.Table(columns=["images"], data=[[grey[:3]], [grey]])})
    page = open_table(visitor, streets[1], "many")
    visitor.eventually(f"({TILES})({GREY[0]}).map(names => names.join())", [",".join([" (bare)"] * n) for n in (3, 4)])
    expect(page.locator("#table-grid .table-thumbs").last).to_have_text("+2")


@pytest.mark.parametrize("wide", [390, 1280])
def test_pictures_are_seen_before_other_columns(visitor: Visitor, streets: list[wandb.Run], wide: int) -> None:
    names = [f"column {number}" for number in range(6)]
    made = street(4)
    table = wandb.Table(columns=[*names, "image"], data=[[*range(6), row[2]] for row in made.data[:4]])
    with wandb.init(project="tiles", id=streets[1].id, resume="must") as run:
        run.log({"behind": table})
    visitor.page.set_viewport_size({"width": wide, "height": 844})
    page = open_table(visitor, streets[1], "behind")
    all_rows_show(visitor, THREE)
    assert placed(page.locator("#table-grid .table-tile").first)["width"] >= (144 if wide > 900 else 80)
    columns = page.locator("#table-columns label")
    page.click("summary:has-text('Columns')")
    expect(columns).to_have_text([*names, "image"])  # as they were logged


@pytest.mark.parametrize("wide", [390, 1280])
def test_a_comparison_shows_what_it_is_sorted_by(visitor: Visitor, streets: list[wandb.Run], wide: int) -> None:
    visitor.page.set_viewport_size({"width": wide, "height": 844})
    page = open_table(visitor, streets[0], "street", f"?with={streets[1].id}&on=name")
    all_rows_show(visitor, ["truth", "prediction (A)", "prediction (B)", "error (A)", "error (B)"])
    assert placed(page.locator("#table-grid .table-tile").first)["width"] >= (144 if wide > 900 else 50)
    text = page.locator(".ag-header-cell:has(.ag-sort-ascending-icon:not(.ag-hidden)) .ag-header-cell-text")
    expect(text).to_have_text(["priority_score (B-A)"])
    box = placed(text)
    assert box["x"] + box["width"] <= wide
    assert text.evaluate("text => text.scrollWidth <= text.clientWidth")


def test_a_class_alone_leaves_the_kinds_of_error(visitor: Visitor, streets: list[wandb.Run]) -> None:
    page = open_table(visitor, streets[0], "street", "?row=0&opacity=100")
    expect(page.locator("#table-panes canvas")).to_have_count(3)
    missed = (2 / 64, 20 / 48)  # a person in the truth, not in the prediction
    checked = ["road", "person", "traffic light", "correct", "missed"]
    on = page.locator("#table-classes label:has(input:checked)")
    expect(on).to_have_text(checked)
    seen = pixel(page, 2, *missed)
    assert seen != GREY
    page.locator("#table-classes label", has_text="person").dblclick()
    expect(on).to_have_text(["person", "correct", "missed"])
    expect(page).to_have_url(re.compile("off="))
    assert pixel(page, 2, *missed) == seen
    toggle(page, "classes", "correct")
    page.locator("#table-classes label", has_text="missed").dblclick()
    expect(on).to_have_text(["person", "missed"])
    assert pixel(page, 2, *missed) == seen


def test_distinct_colours_leave_the_veil_over_what_is_correct(visitor: Visitor, streets: list[wandb.Run]) -> None:
    page = visitor.open("/local/tiles/tables/street/v0/street.table.json?row=0&opacity=100")
    expect(page.locator("#table-panes canvas")).to_have_count(3)
    correct, person = (0.5, 0.9), (2 / 64, 20 / 48)
    veil = pixel(page, 2, *correct)
    assert len(set(veil)) == 1
    assert veil[0] > GREY[0]
    assert pixel(page, 0, *person) == (255, 128, 0)
    page.get_by_label("Distinct colours").check()
    expect(page).to_have_url(re.compile("distinct=1"))
    assert pixel(page, 0, *person) == (0, 0, 248)
    assert pixel(page, 2, *correct) == veil


def test_the_example_in_the_filter_is_seen_whole(visitor: Visitor, streets: list[wandb.Run]) -> None:
    page = open_table(visitor, streets[0], "street")
    field = page.locator("#table-filter")
    example = "for example: priority_score < 0.3"
    expect(field).to_have_attribute("placeholder", example)
    seen = field.screenshot()
    field.evaluate("(field, text) => { field.placeholder = text; }", example.replace("_", " "))
    assert field.screenshot() != seen


@pytest.mark.soak
def test_rows_come_again_when_the_server_does(visitor: Visitor, streets: list[wandb.Run]) -> None:
    page = open_table(visitor, streets[0], "street")
    all_rows_show(visitor, THREE)
    page.context.set_offline(True)
    page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]").click()
    page.keyboard.press("Control+End")
    expect(page.locator("#shell-connection")).to_contain_text("does not answer")
    page.context.set_offline(False)
    expect(page.locator("#shell-connection")).to_be_empty()
    expect(page.locator("#table-grid .ag-row[row-index='119'] [col-id=c0]")).to_have_text("frame 119")
    all_rows_show(visitor, THREE)
    page.context.set_offline(True)
    page.locator("#table-grid .ag-row[row-index='119'] .table-thumbs").click()
    expect(page.locator("#shell-connection")).to_contain_text("does not answer")
    page.context.set_offline(False)
    expect(page.locator("#table-position")).to_have_text("Row 120 · 120 of 120")
    expect(page.locator("#table-panes canvas")).to_have_count(3)
    assert visitor.faults  # what failed while the server was away
    visitor.faults.clear()


@pytest.mark.soak
def test_a_filter_sent_while_the_server_is_away_is_run_when_it_is_back(
    visitor: Visitor, streets: list[wandb.Run]
) -> None:
    page = open_table(visitor, streets[0], "street")
    page.context.set_offline(True)
    apply(page, "priority_score < 0.1")
    expect(page.locator("#shell-connection")).to_contain_text("does not answer")
    page.context.set_offline(False)
    count(page, "12 of 120")
    first_row(page, "frame 000")
    assert page.input_value("#table-filter") == "priority_score < 0.1"
    visitor.faults.clear()  # what failed while the server was away


@pytest.mark.parametrize("wide", [1280, 1600])
def test_the_pictures_of_a_row_stand_side_by_side(visitor: Visitor, streets: list[wandb.Run], wide: int) -> None:
    visitor.page.set_viewport_size({"width": wide, "height": 900})
    page = open_table(visitor, streets[0], "street", "?row=0")
    panes = page.locator("#table-panes canvas")
    for shown in (3, 2):
        expect(panes).to_have_count(shown)
        boxes = [placed(pane) for pane in panes.all()]
        assert len({box["y"] for box in boxes}) == 1
        stage = placed(page.locator("#table-panes"))
        right = max(box["x"] + box["width"] for box in boxes)
        assert right >= stage["x"] + 0.85 * stage["width"]
        fields = placed(page.locator("#table-fields"))
        assert fields["y"] + fields["height"] <= 900
        assert fields["height"] >= 180
        toggle(page, "sets", "error")


def test_on_a_phone(visitor: Visitor, streets: list[wandb.Run]) -> None:
    wide, high = 390, 844
    visitor.page.set_viewport_size({"width": wide, "height": high})
    page = open_table(visitor, streets[0], "street")
    all_rows_show(visitor, THREE)
    row = page.locator("#table-grid .ag-row[row-index='1']").last.bounding_box()
    assert row is not None
    assert row["y"] + row["height"] <= high  # rows before controls
    for title in page.locator("details.table-menu summary").all():
        title.click()
        menu = page.locator("details.table-menu[open] > .card").bounding_box()
        assert menu is not None
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= wide
        page.keyboard.press("Escape")
    page.locator("#table-grid .ag-row[row-index='0'] .table-open").click()
    expect(page.locator("#table-panes canvas")).to_have_count(3)
    pane = page.locator("#table-panes canvas").first.bounding_box()
    assert pane is not None
    assert pane["width"] > 0.8 * wide
    assert 0 <= pane["y"] < high - pane["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == wide
