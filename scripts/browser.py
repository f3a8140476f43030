"""A tab of the system's browser on the pages of `wandb_local`, for screenshots and for the tests of the pages."""

from __future__ import annotations

import shutil
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import BrowserContext, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUALITY = 85  # of a JPEG file
TIMEOUT = 60_000  # milliseconds that a page may take on a busy machine


class Tab:
    """A tab that logs in by itself. It keeps a list of faults: console errors and warnings about the
    Content-Security-Policy, exceptions, failed and refused requests, requests to another origin."""

    def __init__(self, context: BrowserContext, url: str, key: str) -> None:
        self._context, self._url, self._key = context, url, key
        self._others = context.pages
        self.page: Page = context.new_page()
        self.page.set_default_timeout(TIMEOUT)
        self.faults: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._response)
        context.on("request", self._request)

    def close(self) -> None:
        """Close the tab and those that were opened from it."""
        for page in self._context.pages:
            if page not in self._others:
                page.close()
        self._context.remove_listener("request", self._request)

    def open(self, path: str) -> Page:
        """Open a path of the server and wait until the page is complete; logs in if needed."""
        self.page.goto(self._url + path)
        if "/login?" in self.page.url:
            self.page.fill("#key", self._key)
            self.page.click("button[type=submit]")
        self.page.wait_for_selector("#shell-page > *")
        return self.page

    def save(self, path: Path) -> None:
        """Writes a picture of the window, once it has not changed for half a second.

        Raises:
            ValueError: the window keeps changing.
        """
        last, now = b"", self.page.screenshot()
        deadline = time.monotonic() + TIMEOUT / 1000
        while now != last:
            if time.monotonic() > deadline:
                raise ValueError(f"{self.page.url} does not come to rest")
            self.page.wait_for_timeout(500)
            last, now = now, self.page.screenshot()
        with Image.open(BytesIO(now)) as picture:
            picture.convert("RGB").save(path, quality=QUALITY, optimize=True)
        print(f"{path}: {path.stat().st_size / 1024:.0f} kB", flush=True)

    def _console(self, message: Any) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.faults.append(f"console: {message.text} {message.location}")

    def _failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # the page was left while it still loaded
            self.faults.append(f"request failed: {request.url} {request.failure}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"status {response.status}: {response.url}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((f"{self._url}/", "data:", "blob:")):
            self.faults.append(f"request to another origin: {request.url}")


def find_browser() -> str:
    """The path of the system's browser.

    Raises:
        FileNotFoundError: there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        names = ", ".join(BROWSERS)
        raise FileNotFoundError(f"no browser: none of {names} is on PATH; run `apt-get install chromium`")
    return found
