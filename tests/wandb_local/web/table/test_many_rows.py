"""A table of 10,000 rows with images, as the real client logs it."""

import itertools

import numpy as np
import pytest
import wandb
from playwright.sync_api import expect

from tests.wandb_local.web.conftest import Visitor, run_path

pytestmark = pytest.mark.soak
ROWS = 10_000


@pytest.fixture(scope="module")
def many(client_home: dict[str, str]) -> wandb.Run:
    """Rows that share 50 images; the score of a row is its number, read backwards in base 10."""
    assert client_home
    draw = np.random.default_rng(0)
    images = []
    for number in range(50):
        mask = np.zeros((36, 48), np.uint8)
        mask[: number // 2 + 1] = 1 + number % 3
        masks = {"truth": {"mask_data": mask, "class_labels": {0: "none", 1: "one", 2: "two", 3: "three"}}}
        images.append(wandb.Image(draw.integers(0, 255, (36, 48, 3), dtype=np.uint8), masks=masks))
    table = wandb.Table(columns=["name", "score", "image", *(f"m{number}" for number in range(10))])
    for number, image in zip(range(ROWS), itertools.cycle(images), strict=False):
        table.add_data(f"row {number:05}", int(f"{number:05}"[::-1]), image, *draw.random(10).tolist())
    with wandb.init(project="tables", name="many") as run:
        run.log({"many": table})
    return run


def test_all_rows_can_be_reached_sorted_and_filtered(visitor: Visitor, many: wandb.Run) -> None:
    page = visitor.open(run_path(many, "tables", "many"))
    counted = page.locator("#table-count")
    expect(counted).to_have_text("10,000 of 10,000 rows")
    first = page.locator("#table-grid .ag-row[row-index='0'] [col-id=c0]")
    last = page.locator(f"#table-grid .ag-row[row-index='{ROWS - 1}'] [col-id=c0]")
    expect(first).to_have_text("row 00000")
    first.click()
    page.keyboard.press("Control+End")
    expect(last).to_have_text("row 09999")
    page.keyboard.press("Control+Home")
    expect(first).to_have_text("row 00000")
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    page.click("#table-grid .ag-header-cell[col-id=c1]")
    expect(first).to_have_text("row 09999")  # 99990, the highest
    body = page.locator("#table-grid .ag-body-viewport")
    for share in (0.2, 0.9, 0.5, 0.7, 0.1):  # faster than blocks arrive
        body.evaluate("(element, share) => { element.scrollTop = share * element.scrollHeight; }", share)
    for expression, fits in (("score >= 99900", 10), ("has(truth, two)", 3400), ("score < 10 and has(truth, one)", 1)):
        page.fill("#table-filter", expression)
        page.press("#table-filter", "Enter")
        expect(counted).to_have_text(f"{fits:,} of 10,000 rows")
        expect(first).not_to_be_empty()
        expect(page.locator("#table-grid .ag-row[row-index='0'] .table-tile")).to_have_text(["truth"])
    page.fill("#table-filter", "")
    page.press("#table-filter", "Enter")
    expect(counted).to_have_text("10,000 of 10,000 rows")
    expect(first).to_have_text("row 09999")
    page.locator("#table-grid .ag-row[row-index='0'] .table-thumbs").click()
    for position in range(1, 31):
        expect(page.locator("#table-position")).to_contain_text(f"· {position} of 10,000")
        page.keyboard.press("ArrowRight")
