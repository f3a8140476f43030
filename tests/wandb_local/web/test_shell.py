"""The shell: routing, breadcrumbs, what lies nowhere."""

import subprocess
import sys

import wandb
from playwright.sync_api import expect

from tests.wandb_local.process import ROOT
from tests.wandb_local.web.conftest import Visitor, run_path


def test_from_the_projects_to_a_run(visitor: Visitor, logged_run: wandb.Run) -> None:
    page = visitor.open("/")
    page.click("#projects-grid >> text=web")
    page.click("#runs-grid >> text=first")
    page.wait_for_url(f"**{run_path(logged_run)}")
    expect(page).to_have_title(f"first · {logged_run.entity} / web · wandb_local")
    page.click("#shell-crumbs >> text=web")
    page.wait_for_selector("#runs-grid")


def test_an_address_that_leads_nowhere_says_so(visitor: Visitor) -> None:
    page = visitor.open("/local/no-such-project")
    assert "no-such-project does not exist" in page.inner_text("#shell-page")


def test_the_server_starts_without_what_draws_the_pages() -> None:
    code = "import sys, wandb_local.server; print(sorted({'dash', 'flask', 'plotly'} & sys.modules.keys()))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
