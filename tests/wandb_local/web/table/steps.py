"""Drawn tables, and what a visitor does with the page of a table."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import wandb
from playwright.sync_api import Locator, Page, expect

from tests.wandb_local.web.conftest import Visitor, run_path

GREY = (100, 100, 100)


LABELS = {0: "road", 1: "person", 9: "traffic light"}
# Columns may be called anything.
NAMES = ("a,b", 'quo"te', "it's", "d.o.t", "sla/sh", "[bracket]", "{brace}", "back\\slash", "`tick`", "50%", "c1")
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
