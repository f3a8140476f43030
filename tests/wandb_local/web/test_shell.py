"""The shell: routing, breadcrumbs, what lies nowhere."""

import wandb

from tests.wandb_local.web.conftest import Visitor, run_path


def test_from_the_projects_to_a_run(visitor: Visitor, logged_run: wandb.Run) -> None:
    page = visitor.open("/")
    page.click("#projects-grid >> text=web")
    page.click("#runs-grid >> text=first")
    page.wait_for_url(f"**{run_path(logged_run)}")
    assert page.title() == f"first · {logged_run.entity} / web · wandb_local"
    page.click("#shell-crumbs >> text=web")
    page.wait_for_selector("#runs-grid")


def test_an_address_that_leads_nowhere_says_so(visitor: Visitor) -> None:
    page = visitor.open("/local/no-such-project")
    assert "no-such-project does not exist" in page.inner_text("#shell-page")
