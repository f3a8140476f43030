"""The browser that the tests of the pages drive."""

import os

import pytest

from scripts.browser import find_browser


def require_browser() -> str:
    """The browser's path. Without one the test is skipped with a loud reason, and fails in CI."""
    try:
        return find_browser()
    except FileNotFoundError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(f"THE WEB PAGES ARE NOT TESTED: {error}")
