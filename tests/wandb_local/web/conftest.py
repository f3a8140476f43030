"""A real browser on the pages of a real server, with a run that the real client has logged."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import wandb
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Playwright, ViewportSize, expect

from scripts.browser import OPTIONS, TIMEOUT, Tab
from tests.browser import require_browser
from tests.wandb_local.process import Server
from tests.wandb_local.web.asked import log_in

VIEWPORT: ViewportSize = {"width": 1400, "height": 900}
expect.set_options(timeout=TIMEOUT)


class Visitor(Tab):
    """A browser tab on a server's pages that is logged in, and what the tests do in it."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        super().__init__(context, server.url, server.key)
        self.server = server

    def search(self, text: str) -> None:
        """Type into the search of the drop-down list that is open; what is typed before it has the focus is lost."""
        expect(self.page.locator(".dash-dropdown-search")).to_be_focused()
        self.page.keyboard.type(text)

    def choose(self, text: str) -> None:
        """Choose from the drop-down list that is open the first entry with this text."""
        expect(self.page.locator(".dash-dropdown-content :focus")).to_have_count(1)  # as it opens, it scrolls to it
        self.page.locator(".dash-dropdown-option").get_by_text(text, exact=True).first.click()

    def inaccessible(self) -> list[str]:
        """What axe-core finds wrong with the page that is open, and goes on finding: a grid is drawn by halves."""
        deadline = time.monotonic() + TIMEOUT / 1000 / 4
        while (found := self._serious()) and time.monotonic() < deadline:
            self.page.wait_for_timeout(500)
        return found

    def _serious(self) -> list[str]:
        """The faults of axe-core's two higher grades that the page has now."""
        found = Axe().run(self.page).response["violations"]
        serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
        return [f"{fault['id']}: {fault['help']}: {node['html'][:200]}" for fault in serious for node in fault["nodes"]]

    def eventually(self, script: str, wanted: Any) -> None:
        """Wait until a JavaScript expression has this value; the page's own policy forbids `wait_for_function`."""
        deadline, pause = time.monotonic() + TIMEOUT / 1000, 50
        while (value := self.page.evaluate(script)) != wanted:
            assert time.monotonic() < deadline, f"{script} is {value!r}, not {wanted!r}"
            self.page.wait_for_timeout(pause)
            pause = min(2 * pause, 400)  # whoever waits leaves the processor to the others


@pytest.fixture(scope="session")
def window(
    playwright: Playwright, shared_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A window whose visitor has logged in; it keeps the pages' scripts compiled, as a person's browser does."""
    folder = tmp_path_factory.mktemp("profile")
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=require_browser(), args=OPTIONS, timeout=TIMEOUT, viewport=VIEWPORT
    )
    with closing(Visitor(context, shared_server)) as first:
        first.open("/")
    yield context
    context.close()


@pytest.fixture(scope="session")
def login_state(window: BrowserContext) -> Any:
    """The cookie of a visitor who has logged in once."""
    return window.storage_state()


@pytest.fixture
def visitor(window: BrowserContext, shared_server: Server) -> Iterator[Visitor]:
    """A logged-in tab; the test fails afterwards if anything went wrong in it."""
    with closing(Visitor(window, shared_server)) as tab:
        yield tab
    window.set_offline(False)
    assert tab.faults == []


@pytest.fixture
def cookie(shared_server: Server) -> str:
    """The cookie of a visitor without a browser."""
    return str(log_in(shared_server, shared_server.key).getheader("Set-Cookie")).partition(";")[0]


@pytest.fixture(scope="module")
def logged_run(shared_server: Server, client_home: dict[str, str]) -> wandb.Run:
    """A finished run with config, metrics, console lines, images with masks, a table, HTML, a file and an artifact."""
    assert client_home
    with wandb.init(project="web", name="first", config={"lr": 0.1, "model": {"depth": 3}}, tags=["base"]) as run:
        log_everything(run)
    return run


def log_everything(run: wandb.Run, steps: int = 30) -> None:
    """Log a little of each kind."""
    draw = np.random.default_rng(0)
    for step in range(steps):
        values: dict[str, Any] = {"loss": 1 / (step + 1), "val/score": step / steps}
        if step % 10 == 9:
            values["picture"] = _image(draw)
        run.log(values)
    table = wandb.Table(columns=["name", "score", "flagged", "image"])
    for number in range(12):
        table.add_data(f"frame {number}", number / 12, number % 2 == 0, _image(draw))
    run.log({"val/table": table, "page": wandb.Html("<b>bold</b>", inject=False)})
    artifact = wandb.Artifact("weights", "model", metadata={"score": 0.9})
    with artifact.new_file("weights.txt") as handle:
        handle.write("1 2 3")
    run.log_artifact(artifact)


def _image(draw: np.random.Generator) -> wandb.Image:
    pixels = draw.integers(0, 255, (48, 64, 3), dtype=np.uint8)
    mask = np.zeros((48, 64), dtype=np.uint8)
    mask[10:30, 20:50] = 1
    labels = {0: "road", 1: "car"}
    masks = {
        "truth": {"mask_data": mask, "class_labels": labels},
        "prediction": {"mask_data": np.roll(mask, 5, axis=1), "class_labels": labels},
    }
    return wandb.Image(pixels, masks=masks, caption="a street")


def run_path(run: wandb.Run, *more: str) -> str:
    """The path of a run's page."""
    return "/" + "/".join(quote(part, safe="") for part in (run.entity, run.project, "runs", run.id, *more))
