"""The shell: routing, breadcrumbs, what lies nowhere."""

import subprocess
import sys
from pathlib import Path

import dash
import pytest
import wandb
from playwright.sync_api import Browser, expect

from tests.wandb_local.process import ROOT, Server
from tests.wandb_local.web.conftest import Visitor, run_path
from wandb_local.context import Context
from wandb_local.web.dashboard import build_dashboard


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


def test_a_name_with_marks_of_direction_leaves_what_is_beside_it_in_order(
    visitor: Visitor, shared_server: Server, project: str
) -> None:
    marked = 'mutation($p:String){upsertBucket(input:{modelName:$p,name:"r",displayName:"a\u202eb"}){inserted}}'
    shared_server.graphql(marked, p=project)
    page = visitor.open(f"/local/{project}/runs/r")
    expect(page.locator("h1")).to_have_text("a\u202eb")
    expect(page).to_have_title(f"ab · local / {project} · wandb_local")
    for inline in ("#shell-crumbs a", "#shell-crumbs span"):
        expect(page.locator(inline).first).to_have_css("unicode-bidi", "isolate")


@pytest.mark.soak
def test_a_server_that_is_gone_is_noticed(browser: Browser, tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    context = browser.new_context()
    visitor = Visitor(context, server)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url) if "_alive" in request.url else None)
    visitor.page.clock.install()
    page = visitor.open("/")
    line = page.locator("#shell-connection")
    page.clock.run_for(6_000)
    expect(line).to_be_empty()
    server.kill()
    page.clock.run_for(6_000)
    expect(line).to_contain_text("The server does not answer")
    server.start()
    page.clock.run_for(6_000)
    expect(line).to_be_empty()
    server.kill()
    for _ in range(50):  # most of an hour
        before = len(asked)
        page.clock.run_for(61_000)
        page.wait_for_timeout(20)
        if len(asked) == before and "Reload the page" in line.inner_text():
            break
    else:
        raise AssertionError(f"asked {len(asked)} times and goes on")
    assert len(asked) < 50
    context.close()


def test_a_visitor_who_is_logged_out_elsewhere_is_told_so(visitor: Visitor) -> None:
    visitor.page.clock.install()
    page = visitor.open("/")
    page.context.clear_cookies()
    page.clock.run_for(6_000)
    expect(page.locator("#shell-connection")).to_contain_text("You are logged out")
    page.close()  # no other question is under way
    refused = ("401", "already read")  # Dash reads the answer to a question that is refused twice
    assert all(any(word in fault for word in refused) for fault in visitor.faults)
    visitor.faults.clear()


@pytest.mark.parametrize("view", ["", "overview", "media"])
def test_the_tab_key_reaches_every_drop_down(visitor: Visitor, logged_run: wandb.Run, view: str) -> None:
    page = visitor.open(run_path(logged_run, *filter(None, [view])))
    page.wait_for_selector(".dash-dropdown")
    seen: set[str] = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id"))
    shown = "[...document.querySelectorAll('.dash-dropdown')].filter(e => e.offsetParent).map(e => e.id)"
    assert seen.issuperset(page.evaluate(shown))


def test_a_drop_down_by_keyboard_alone(visitor: Visitor, logged_run: wandb.Run) -> None:
    page = visitor.open("/local/web")
    chosen = page.locator("#runs-columns .dash-dropdown-value-item")
    expect(chosen).not_to_have_count(0)
    before = chosen.count()
    page.focus("#runs-search")
    page.keyboard.press("Tab")
    expect(page.locator("#runs-columns")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".dash-dropdown-search")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".dash-dropdown-option input").first).to_be_focused()
    page.keyboard.press("Space")
    expect(chosen).to_have_count(before - 1)
    page.keyboard.press("Escape")
    expect(page.locator(".dash-dropdown-content")).to_have_count(0)
    expect(page.locator("#runs-columns")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#runs-search")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#runs-columns")).not_to_be_focused()
    assert visitor.inaccessible() == []


def test_the_server_starts_without_what_draws_the_pages() -> None:
    code = "import sys, wandb_local.server; print(sorted({'dash', 'flask', 'plotly'} & sys.modules.keys()))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_a_page_beside_the_first_one_after_a_start_has_all_that_draws_it(context: Context) -> None:
    build_dashboard(context)
    app = dash.get_app()
    with app.server.test_request_context("/"):  # while the first request is not through
        page = app.index()
    assets = Path(app.config.assets_folder)
    assert [path.name for path in assets.iterdir() if f"_assets/{path.name}" not in page] == []
