"""What holds for all tests: a busy machine is no failure, and there is one browser."""

import gc
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Playwright, sync_playwright

from scripts.browser import OPTIONS, TIMEOUT
from tests import drawings
from tests.browser import require_browser

settings.register_profile("any machine", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
gc.disable()  # while the tests are imported: torch and others make a million objects, and all of them stay


def pytest_collection_finish() -> None:
    """From here on garbage is looked for again, but not among what was imported."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """At the end of the process all of it may be freed."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _temporary_files() -> Iterator[None]:
    """What a killed process leaves is removed at the end. The path is short, as those of sockets have to be."""
    with (
        tempfile.TemporaryDirectory(prefix="t", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def _drawings(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """All processes of pytest-xdist have one folder for what they draw."""
    own = tmp_path_factory.getbasetemp()
    drawings.ROOT[:] = [own if worker_id == "master" else own.parent]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver of the browser."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One browser process for all tests."""
    launched = playwright.chromium.launch(executable_path=require_browser(), args=OPTIONS, timeout=TIMEOUT)
    yield launched
    launched.close()
