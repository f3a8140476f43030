"""Bounding boxes over pictures, logged by the real client: in a table, and among the media of a run."""

import numpy as np
import pytest
import wandb
from playwright.sync_api import expect
from wandb.sdk.data_types.helper_types.classes import Classes

from tests.wandb_local.web.conftest import Visitor, run_path
from tests.wandb_local.web.table.steps import GREY, apply, count, open_table, pixel, query, toggle
from wandb_local.web.table.boxes import MOST_BOXES, NO_CLASS, Box, read_box_file, read_boxes
from wandb_local.web.table.cells import Column, Label, OverlaySet, Picture, Table
from wandb_local.web.table.compare import compare

LABELS = {0: "car", 1: "<b>person</b>"}
CAR = {"position": {"minX": 0.25, "maxX": 0.5, "minY": 0.25, "maxY": 0.75}, "class_id": 0, "scores": {"conf": 0.93}}
PERSON = {
    "position": {"middle": [48, 24], "width": 16, "height": 24},
    "domain": "pixel",
    "class_id": 1,
    "box_caption": "<script>document.title = 'stolen'</script>",
}
RED, BLUE = (230, 25, 75), (0, 0, 248)  # the first two of the palette


def picture(**boxes: list[dict[str, object]]) -> wandb.Image:
    """A grey image of 64 x 48 pixels."""
    classes = Classes([{"id": value, "name": name} for value, name in LABELS.items()])
    given = {name: {"box_data": found, "class_labels": LABELS} for name, found in boxes.items()}
    return wandb.Image(np.full((48, 64, 3), GREY, np.uint8), boxes=given, classes=classes, file_type="png")


@pytest.fixture(scope="module")
def boxed(client_home: dict[str, str]) -> wandb.Run:
    """A run with pictures that carry boxes, some of which are damaged on the server afterwards."""
    assert client_home
    with wandb.init(project="tables", name="boxes") as run:
        table = wandb.Table(columns=["name", "image"])
        table.add_data("both", picture(truth=[CAR, PERSON], guess=[CAR]))
        table.add_data("none", picture(truth=[PERSON], guess=[]))
        rotten = picture(rotten=[{**CAR, "box_caption": "ROTTEN"}], truth=[CAR])
        run.log({"frames": table, "street": picture(truth=[CAR, PERSON], guess=[CAR]), "street/rotten": rotten})
    return run


def test_boxes_in_a_table(visitor: Visitor, boxed):
    page = open_table(visitor, boxed, "frames", "?row=0")
    expect(page.locator(".table-overlays h2").first).to_have_text("Boxes")
    expect(page.locator("#table-panes figcaption")).to_have_text(["image · truth", "image · guess"])
    car, person = (0.25, 0.5), (0.875, 0.5)  # points on an edge
    assert pixel(page, 0, *car) == RED
    assert pixel(page, 0, *person) == BLUE
    assert pixel(page, 1, *person) == GREY
    assert page.locator("#table-classes label").all_inner_texts() == ["car", "<b>person</b>"]
    toggle(page, "classes", "car")
    assert (pixel(page, 0, *car), pixel(page, 0, *person)) == (GREY, BLUE)
    page.locator("#table-panes canvas").first.hover()
    expect(page.locator("#table-readout")).to_have_text("")
    box = page.locator("#table-panes canvas").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    expect(page.locator("#table-readout")).to_have_text(str(PERSON["box_caption"]))
    toggle(page, "sets", "guess")
    expect(page.locator("#table-panes figcaption")).to_have_text(["image · truth"])
    assert query(page)["sets"] == '["truth"]'
    page.click("#table-close")
    apply(page, "has(guess, car)")
    count(page, "1 of 2")
    assert page.title() != "stolen"
    assert visitor.inaccessible() == []


def test_boxes_among_media_and_a_damaged_file(visitor: Visitor, boxed):
    blobs = [path for path in visitor.server.data.joinpath("blobs").rglob("*") if path.is_file()]
    (rotten,) = (path for path in blobs if b"ROTTEN" in path.read_bytes())
    rotten.write_bytes(b'{"box_data": [')
    page = visitor.open(run_path(boxed, "media"))
    street = page.locator("#gallery-cards section").filter(has=page.get_by_role("heading", name="street", exact=True))
    canvas = street.locator("canvas.boxes")
    expect(canvas).to_have_attribute("data-painted", "truth,guess")
    expect(street.locator(".classes li")).to_have_text(["car", "<b>person</b>"])
    edge = "c => [...c.getContext('2d').getImageData({} * c.width, c.height / 2, 1, 1).data.slice(0, 3)]"
    assert canvas.evaluate(edge.format(0.25)) == list(RED)
    assert canvas.evaluate(edge.format(0.875)) == list(BLUE)
    expect(page.get_by_text("rotten: these boxes are damaged")).to_be_visible()
    page.click("#gallery-boxes")
    visitor.choose("truth")
    expect(canvas).to_have_attribute("data-painted", "guess")
    assert canvas.evaluate(edge.format(0.875)) == [0, 0, 0]  # nothing is drawn there
    assert visitor.inaccessible() == []


def test_what_is_no_box_is_counted_and_left_out():
    broken: list[object] = [None, {}, {"position": None}, {"position": {"middle": [1], "width": 1, "height": 1}}]
    broken += [{"position": {"minX": 0, "maxX": float("nan"), "minY": 0, "maxY": 1}}, {"position": {"middle": "ab"}}]
    found, lost = read_boxes([*broken, {**PERSON, "class_id": True, "box_caption": 3, "scores": {"a": "b", "c": 0.25}}])
    assert lost == len(broken)
    assert [(box.value, box.corners, box.pixels, box.text, box.scores) for box in found] == [
        (NO_CLASS, (40, 12, 56, 36), True, "", "c 0.25")
    ]
    assert len(read_boxes([CAR] * (MOST_BOXES + 5))[0]) == MOST_BOXES
    for content in (b"", b"[]", b"{", b'{"box_data": 3}', b"[" * 100_000):
        assert read_box_file(content) == ((), 1)


def test_boxes_of_two_tables_are_told_apart_where_they_differ():
    def table(guess: float) -> Table:
        truth, found = Box(0, (0, 0, 1, 1), False), Box(0, (0, 0, guess, 1), False)
        picture = Picture(None, "a.png", boxes={"truth": (truth,), "guess": (found,)})
        labels = {0: Label("car", "#111111", "#222222")}
        sets = (OverlaySet("truth", boxes=labels), OverlaySet("guess", boxes=labels))
        return Table((Column("name", "text"), Column("image", "image")), [("a", (picture,))], sets)

    both = compare(table(0.5), table(0.6), "name")
    assert [each.name for each in both.sets] == ["truth", "guess (A)", "guess (B)"]
    cell = both.rows[0][1]
    assert isinstance(cell, tuple)
    (picture,) = cell
    assert {name: box.corners[2] for name, (box,) in picture.boxes.items()} == {
        "truth": 1,
        "guess (A)": 0.5,
        "guess (B)": 0.6,
    }
