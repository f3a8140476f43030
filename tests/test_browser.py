"""Without a browser the tests of the pages are skipped, but never in CI."""

import pytest

from tests.browser import require_browser


@pytest.fixture
def no_browser(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)


def test_skipped_with_a_loud_reason(no_browser):
    with pytest.raises(pytest.skip.Exception, match=r"THE WEB PAGES ARE NOT TESTED: .*apt-get install chromium"):
        require_browser()


def test_an_error_in_ci(no_browser, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(FileNotFoundError, match="apt-get install chromium"):
        require_browser()
