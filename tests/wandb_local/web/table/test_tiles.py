"""What a person sees of the pictures in the rows: a tile for every kind of masks, on every way to the page."""

import re

import numpy as np
import pytest
import wandb
from playwright.sync_api import FloatRect, Locator, Page, ViewportSize, expect

from tests.wandb_local.web.conftest import VIEWPORT, Visitor
from tests.wandb_local.web.table.steps import GREY, apply, count, open_table, pixel, toggle
from tests.wandb_local.web.table.tiles import THREE, TILES, WHY, all_rows_show, street

PHONE: ViewportSize = {"width": 390, "height": 844}
BEFORE = [f"column {number}" for number in range(6)]  # the columns that were logged before the pictures


@pytest.fixture(scope="module")
def streets(client_home: dict[str, str]) -> list[wandb.Run]:
    """Two runs that logged the street. The first one logged it also as a file of an artifact. The second one logged
    cells with several pictures, and pictures behind other columns."""
    assert client_home
    runs = []
    for shift in (4, 8):
        with wandb.init(project="tiles", name=f"shift {shift}") as run:
            made = street(shift)
            run.log({"street": made})
            if shift == 4:
                colors = {"correct": "#80808046", "person": "#ff8000"}
                artifact = wandb.Artifact("street", "dataset", metadata={"class_colors": colors})
                artifact.add(street(shift), "street")
                run.log_artifact(artifact).wait()
            else:
                grey = [wandb.Image(np.full((48, 64, 3), GREY, np.uint8)) for _ in range(6)]
                behind = wandb.Table(
                    columns=[*BEFORE, "image"], data=[[*range(6), row[2]] for row in street(4).data[:4]]
                )
                run.log({"many": wandb.Table(columns=["images"], data=[[grey[:3]], [grey]])})
                run.log({"behind": behind})
            runs.append(run)
    return runs


def placed(element: Locator) -> FloatRect:
    """Where an element is seen on the page, in pixels."""
    box = element.bounding_box()
    assert box is not None
    return box


def resize(page: Page, size: ViewportSize) -> None:
    """Give the window another size, and wait until the page was drawn in it."""
    page.set_viewport_size(size)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def first_row(page: Page, name: str) -> None:
    expect(page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]")).to_have_text(name)


def leave_and_come_back(page: Page) -> None:
    page.locator(".brand").click()
    expect(page.locator("#table-page")).to_have_count(0)
    page.go_back()


@pytest.mark.soak
def test_on_a_phone_then_paging_sorting_and_filtering_on_a_desk(visitor: Visitor, streets: list[wandb.Run]) -> None:
    visitor.page.set_viewport_size(PHONE)
    page = open_table(visitor, streets[0], "street")
    count(page, "120 of 120")
    all_rows_show(visitor, THREE)
    rows_come_before_controls_and_menus_fit(page)
    a_row_fills_a_phone(page)
    page.keyboard.press("Escape")
    expect(page.locator("#table-large")).to_be_hidden()
    resize(page, VIEWPORT)
    all_rows_show(visitor, THREE)
    the_example_in_the_filter_is_seen_whole(page)
    masks_are_seen_after_paging_sorting_and_filtering(visitor)


def rows_come_before_controls_and_menus_fit(page: Page) -> None:
    row = placed(page.locator("#table-grid .ag-row[row-index='1']").last)
    assert row["y"] + row["height"] <= PHONE["height"]
    for title in page.locator("details.table-menu summary").all():
        title.click()
        menu = placed(page.locator("details.table-menu[open] > .card"))
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= PHONE["width"]
        page.keyboard.press("Escape")


def a_row_fills_a_phone(page: Page) -> None:
    page.locator("#table-grid .ag-row[row-index='0'] .table-open").click()
    expect(page.locator("#table-panes canvas")).to_have_count(3)
    pane = placed(page.locator("#table-panes canvas").first)
    assert pane["width"] > 0.8 * PHONE["width"]
    assert 0 <= pane["y"] < PHONE["height"] - pane["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def the_example_in_the_filter_is_seen_whole(page: Page) -> None:
    field = page.locator("#table-filter")
    example = "for example: priority_score < 0.3"
    expect(field).to_have_attribute("placeholder", example)
    seen = field.screenshot()
    field.evaluate("(field, text) => { field.placeholder = text; }", example.replace("_", " "))
    assert field.screenshot() != seen


def masks_are_seen_after_paging_sorting_and_filtering(visitor: Visitor) -> None:
    page = visitor.page
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


def test_a_link_to_a_filter_then_back_closes_the_row_and_forward_opens_it(
    visitor: Visitor, streets: list[wandb.Run]
) -> None:
    page = open_table(visitor, streets[0], "street", '?filter=priority_score+%3C+0.1&sort=["-priority_score"]')
    count(page, "12 of 120")
    all_rows_show(visitor, THREE)
    table = page.url
    page.locator("#table-grid .ag-row[row-index='1'] .table-thumbs").click()
    expect(page.locator("#table-position")).to_have_text("Row 11 · 2 of 12")
    page.keyboard.press("ArrowRight")  # another row is no other step
    expect(page.locator("#table-position")).to_have_text("Row 10 · 3 of 12")
    page.go_back()
    expect(page.locator("#table-large")).to_be_hidden()
    expect(page).to_have_url(table)
    all_rows_show(visitor, THREE)
    page.go_forward()
    expect(page.locator("#table-position")).to_have_text("Row 10 · 3 of 12")
    expect(page.locator("#table-panes figcaption")).to_have_text([f"image · {name}" for name in THREE])
    page.keyboard.press("Escape")  # takes the step back as well
    expect(page.locator("#table-large")).to_be_hidden()
    expect(page).to_have_url(table)
    leave_and_come_back(page)
    count(page, "12 of 120")
    expect(page.locator("#table-large")).to_be_hidden()
    all_rows_show(visitor, THREE)


def test_a_link_to_a_row_its_classes_its_places_and_the_table_behind_it(
    visitor: Visitor, streets: list[wandb.Run]
) -> None:
    page = open_table(visitor, streets[0], "street", "?row=5&opacity=100")
    expect(page.locator("#table-panes figcaption")).to_have_text([f"image · {name}" for name in THREE])
    a_class_alone_leaves_the_kinds_of_error(page)
    for wide in (1280, 1600):
        resize(page, {"width": wide, "height": 900})
        the_pictures_of_a_row_stand_side_by_side(page)
    leave_and_come_back(page)
    expect(page.locator("#table-position")).to_have_text("Row 6 · 6 of 120")
    page.click("#table-close")
    expect(page.locator("#table-grid .ag-row[row-index='5'] .ag-cell-focus")).to_be_visible()
    all_rows_show(visitor, THREE)
    page.go_back()  # there was no step from the table to the row
    expect(page).not_to_have_url(re.compile("street"))


def a_class_alone_leaves_the_kinds_of_error(page: Page) -> None:
    expect(page.locator("#table-panes canvas")).to_have_count(3)
    missed = (22 / 64, 20 / 48)  # a person in the truth, not in the prediction
    on = page.locator("#table-classes label:has(input:checked)")
    expect(on).to_have_text(["road", "person", "traffic light", "correct", "missed"])
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


def the_pictures_of_a_row_stand_side_by_side(page: Page) -> None:
    """With three kinds of masks and with two; ends with three, as it begins."""
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
        why = page.locator("#table-fields dd", has_text=WHY)
        assert placed(why)["height"] < 60, "a long text has a line of its own"
        toggle(page, "sets", "error")


def test_a_comparison_shows_its_masks_and_what_it_is_sorted_by(visitor: Visitor, streets: list[wandb.Run]) -> None:
    visitor.page.set_viewport_size(PHONE)
    page = open_table(visitor, streets[0], "street", f"?with={streets[1].id}&on=name")
    for wide, least in ((390, 50), (1280, 144)):
        resize(page, {"width": wide, "height": 844})
        all_rows_show(visitor, ["truth", "prediction (A)", "prediction (B)", "error (A)", "error (B)"])
        the_first_tile_is_wide(visitor, least)
        text = page.locator(".ag-header-cell:has(.ag-sort-ascending-icon:not(.ag-hidden)) .ag-header-cell-text")
        expect(text).to_have_text(["priority_score (B-A)"])
        box = placed(text)
        assert box["x"] + box["width"] <= wide
        assert text.evaluate("text => text.scrollWidth <= text.clientWidth")


def the_first_tile_is_wide(visitor: Visitor, least: int) -> None:
    """Wait until it has this many pixels of width at least."""
    tile = "document.querySelector('#table-grid .table-tile')"
    visitor.eventually(f"{tile}.getBoundingClientRect().width >= {least}", True)


def test_pictures_are_seen_before_other_columns(visitor: Visitor, streets: list[wandb.Run]) -> None:
    visitor.page.set_viewport_size(PHONE)
    page = open_table(visitor, streets[1], "behind")
    for wide, least in ((390, 80), (1280, 144)):
        resize(page, {"width": wide, "height": 844})
        all_rows_show(visitor, THREE)
        the_first_tile_is_wide(visitor, least)
    page.click("summary:has-text('Columns')")
    expect(page.locator("#table-columns label")).to_have_text([*BEFORE, "image"])  # as they were logged


def test_all_pictures_of_a_cell_are_seen_or_counted(visitor: Visitor, streets: list[wandb.Run]) -> None:
    page = open_table(visitor, streets[1], "many")
    visitor.eventually(f"({TILES})({GREY[0]}).map(names => names.join())", [",".join([" (bare)"] * n) for n in (3, 4)])
    expect(page.locator("#table-grid .table-thumbs").last).to_have_text("+2")


def test_an_artifact_shows_its_masks_and_distinct_colours_leave_the_veil_over_what_is_correct(
    visitor: Visitor, streets: list[wandb.Run]
) -> None:
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
    page.get_by_label("Distinct colours").uncheck()
    expect(page).not_to_have_url(re.compile("distinct=1"))
    page.click("#table-close")
    all_rows_show(visitor, THREE)


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
