"""How fast the pages of the local W&B server show what a real client logged, compared with the project's limits.

    python -m benchmarks.pages

A table of 2,000 rows with 480x360 images under two masks, one of 20 rows with 960x720 images under three, and a run of
100,000 points, in a headless Chromium on the machine that serves them. The figures are medians. A time ends
when the browser shows the result.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.served import UPSERT, Server, client, head, row, serving
from scripts.browser import OPTIONS, Tab, find_browser

ROWS, POINTS, ROUNDS = 2000, 100_000, 5
REST = 500  # milliseconds, for the other rows' pictures
LOG = """
import sys
import numpy as np
import wandb

draw = np.random.default_rng(0)
labels = dict(enumerate(["road", "car", "person", "sky"]))


def image(height, width, sets):
    blocks = draw.integers(0, 255, (height // 12, width // 12, 3), dtype=np.uint8)
    masks = {}
    for name in sets:
        mask = draw.integers(0, 4, (height // 24, width // 24), dtype=np.uint8).repeat(24, 0).repeat(24, 1)
        masks[name] = {"mask_data": mask, "class_labels": labels}
    return wandb.Image(blocks.repeat(12, 0).repeat(12, 1), masks=masks, file_type="jpg")


def table(rows, *shape):
    made = wandb.Table(columns=["name", "score", "flagged", "image"])
    for number in range(rows):
        score = (number + 1) * 7919 % rows / rows
        made.add_data(f"row {number:04}", score, number % 3 == 0, image(*shape))
    return made


with wandb.init(project="pages", id="shown") as run:
    two = ("truth", "prediction")
    run.log({"many": table(int(sys.argv[1]), 360, 480, two), "large": table(20, 720, 960, (*two, "error"))})
"""
SHOWN = """([selector, wanted]) => new Promise(done => {
    const look = () => {
        const found = document.querySelector(selector);
        const stands = found && found.getClientRects().length && (wanted === null || found.textContent === wanted);
        if (stands) requestAnimationFrame(() => done(true)); else requestAnimationFrame(look);
    };
    look();
})"""
TOGGLE = """() => new Promise(done => {
    const panes = [...document.querySelectorAll("#table-panes canvas")];
    const pixels = () => panes.map(pane => pane.getContext("2d").getImageData(0, 0, pane.width, pane.height).data);
    const differs = (a, b) => a.some((value, place) => value !== b[place]);
    const before = pixels(), started = performance.now();
    document.querySelector("#table-classes input").click();
    requestAnimationFrame(() => requestAnimationFrame(() => {
        const took = performance.now() - started, after = pixels();
        done(after.every((pane, place) => differs(before[place], pane)) ? took : -1);
    }));
})"""
FIRST_TILE = "#table-grid .ag-row[row-index='0'] .table-tile canvas"
FIRST_NAME = "#table-grid .ag-row[row-index='0'] [col-id=c0]"


def fill(server: Server) -> None:
    """One run of 100,000 points of two metrics, sent as a client sends them."""
    connection = server.connect()
    server.graphql(connection, UPSERT, n="long")
    for start in range(0, POINTS, 10_000):
        steps = range(start, start + 10_000)
        lines = [json.dumps({"_step": step, "loss": 1 / (step + 1), "score": step % 997}) for step in steps]
        files = {"wandb-history.jsonl": {"offset": start, "content": lines}}
        server.post(connection, "/files/local/many/long/file_stream", {"files": files})
    server.post(connection, "/files/local/many/long/file_stream", {"complete": True, "exitcode": 0})


def seconds(act: Callable[[], object], page: Page, selector: str, wanted: str | None = None) -> float:
    """Seconds from the act until the selector shows the wanted text."""
    started = time.perf_counter()
    act()
    page.evaluate(SHOWN, [selector, wanted])
    return time.perf_counter() - started


def measure_table(page: Page, address: str) -> None:
    """Opening, sorting and filtering 2,000 rows; each begins at rest, and ends with another first row than before."""
    opened, sorted_, filtered = [], [], []
    header = page.locator("#table-grid .ag-header-cell[col-id=c1]")
    scores = {place: (place + 1) * 7919 % ROWS / ROWS for place in range(ROWS)}
    for number in range(ROUNDS):
        opened.append(seconds(lambda: page.goto(address), page, FIRST_TILE))
        for first in (min(scores, key=scores.__getitem__), max(scores, key=scores.__getitem__)):
            page.wait_for_timeout(REST)
            sorted_.append(seconds(header.click, page, FIRST_NAME, f"row {first:04}"))
        below = 0.3 - number / 100
        fits = [place for place in range(0, ROWS, 3) if scores[place] < below]
        count = f"{len(fits):,} of {ROWS:,} rows"
        page.fill("#table-filter", f"score < {below} and flagged")
        page.wait_for_timeout(REST)

        def search(count: str = count) -> None:
            page.press("#table-filter", "Enter")
            page.evaluate(SHOWN, ["#table-count", count])

        filtered.append(seconds(search, page, FIRST_NAME, f"row {max(fits, key=scores.__getitem__):04}"))
    row("table of 2,000 rows with images: to its first rows", statistics.median(opened), 1.5, "s")
    row("sorted by a column", statistics.median(sorted_), 0.3, "s")
    row("filtered by an expression", statistics.median(filtered), 0.3, "s")


def measure_toggle(page: Page, address: str) -> None:
    """A class switched on and off over three panes of 960x720."""
    page.goto(f"{address}?row=3")
    page.wait_for_selector("#table-panes canvas")
    page.wait_for_timeout(1000)
    took = [page.evaluate(TOGGLE) for _ in range(2 * ROUNDS)]
    if min(took) < 0:
        raise RuntimeError("a toggle was not drawn within two frames")
    row("a class toggled over three 960x720 images", statistics.median(took) / 1000, 0.1, "s")


def main() -> None:
    """Measure, print a table."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start\n")
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server, sync_playwright() as driver:
        if client(server, Path(name) / "home", LOG, str(ROWS)).wait(timeout=900):
            raise RuntimeError("the client could not log the tables")
        fill(server)
        browser = driver.chromium.launch(executable_path=find_browser(), args=OPTIONS)
        tab = Tab(browser.new_context(viewport={"width": 1400, "height": 900}), server.url, server.key)
        page = tab.open("/")
        print(f"Chromium {browser.version}\n")
        head()
        tables = f"{server.url}/local/pages/runs/shown/tables"
        measure_table(page, f"{tables}/many")
        measure_toggle(page, f"{tables}/large")
        run = f"{server.url}/local/many/runs/long"
        drawn = [seconds(lambda: page.goto(run), page, "#charts-grid .scatterlayer .trace path") for _ in range(ROUNDS)]
        row("run of 100,000 points: to its first chart", statistics.median(drawn), 1, "s")
        browser.close()


if __name__ == "__main__":
    main()
