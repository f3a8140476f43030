"""The way from page to page without a new load, as the links of the pages lead."""

from playwright.sync_api import Page

FOLLOW = "path => { history.pushState({}, '', path); dispatchEvent(new CustomEvent('_dashprivate_pushstate')); }"


def follow(page: Page, path: str) -> None:
    """Go where a link to this path leads; the page that is open stays until the server has answered."""
    page.evaluate(FOLLOW, path)
