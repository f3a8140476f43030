"""The pages, and how an address finds its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

import dash
from dash.development.base_component import Component
from starlette.routing import compile_path

from wandb_local.context import Context
from wandb_local.web import artifact as artifacts
from wandb_local.web import projects
from wandb_local.web.project import compare, runs
from wandb_local.web.run.page import VIEWS
from wandb_local.web.sweep import listing as sweeps
from wandb_local.web.sweep import page as sweep
from wandb_local.web.table import artifact_page as artifact_table
from wandb_local.web.table import page as table

Params = Mapping[str, str]
Trail = Sequence[tuple[str, str]]


class Page(Protocol):
    """A module (or any object) that shows the pages at addresses of one form."""

    @property
    def PATH(self) -> str:
        """The address with the parameters' names in braces; ``{name:path}`` takes slashes too."""

    def trail(self, context: Context, params: Params) -> Trail:
        """The breadcrumbs after entity and project: (text, address) pairs; the last one is this page."""

    def layout(self, context: Context, params: Params, query: Params) -> Component:
        """The content of the page; ``query`` has the parameters after the ``?``.

        Raises:
            NotFoundError: there is nothing at this address.
        """

    def register(self, app: dash.Dash, context: Context) -> None:
        """Add the page's callbacks. Ids begin with the page's name, as all pages share one application."""


PAGES: tuple[Page, ...] = (  # the first one whose PATH fits is shown
    projects,
    *VIEWS,
    table,
    artifact_table,
    compare,
    sweeps,
    sweep,
    *artifacts.PAGES,
    runs,
)


@dataclass(frozen=True)
class Found:
    """The page at an address and the values of its parameters."""

    page: Page
    params: Params


def find_page(pathname: str) -> Found | None:
    """The page at a path (percent-encoded, as the browser shows it), or None."""
    for page in PAGES:
        match = _PATTERNS[page.PATH].fullmatch(pathname.rstrip("/") or "/")
        if match:
            return Found(page, {name: unquote(value) for name, value in match.groupdict().items()})
    return None


_PATTERNS = {page.PATH: compile_path(page.PATH)[0] for page in PAGES}
