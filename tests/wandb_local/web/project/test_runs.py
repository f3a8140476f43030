"""The list of runs in a browser: sorted, filtered, with chosen columns, compared."""

import json
import re
from urllib.parse import urlencode

import pytest
import wandb
from playwright.sync_api import Page, expect

from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.links import follow
from tests.wandb_local.web.table.steps import NAMES

SHOWN = "#runs-grid .ag-pinned-left-cols-container .ag-row a"


@pytest.fixture(scope="module")
def project(client_home):
    """A project with three runs."""
    for name, lr, loss in (("a", 0.1, 3.0), ("b", 0.01, 1.0), ("c", 0.1, 2.0)):
        with wandb.init(project="listed", name=name, id=name, config={"lr": lr, "same": 1}, tags=[f"t{name}"]) as run:
            run.log({"loss": loss, "extra": {"deep": loss * 10}})
    return "/local/listed"


def check_look(page: Page):
    """The list is searched, sorted and filtered, with two of its runs chosen."""
    expect(page.locator("#runs-count")).to_have_text("2 of 3 runs")
    expect(page.get_by_label("Find a run")).to_have_value("t")
    loss = page.locator("#runs-grid [role=columnheader][col-id='summary.loss']")
    expect(loss).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#runs-compare a")).to_have_attribute("href", re.compile("runs=a%2Cc$"))
    rows = page.locator("#runs-grid .ag-pinned-left-cols-container .ag-row-selected")
    expect(rows).to_have_text(["a", "c"])
    expect(page.locator("#runs-grid .ag-header-cell-text").filter(has_text="same")).to_have_count(1)


@pytest.mark.soak
def test_runs_are_sorted_and_found_and_the_look_stays_at_back_and_at_a_reload(visitor: Visitor, project):
    page = visitor.open(project)
    expect(page.locator(SHOWN)).to_have_text(["c", "b", "a"])
    loss = page.get_by_role("columnheader", name="loss")
    loss.click()
    visitor.eventually(f"[...document.querySelectorAll('{SHOWN}')].length", 3)
    rows = page.locator("#runs-grid .ag-center-cols-container .ag-row")
    expect(rows.and_(page.locator("[row-index='0']"))).to_contain_text("1")
    expect(page.locator("#runs-count")).to_have_text("3 runs")
    page.get_by_label("Find a run").fill("tb")
    expect(page.locator(SHOWN)).to_have_text(["b"])
    expect(page.locator("#runs-count")).to_have_text("1 of 3 runs")
    page.get_by_label("Find a run").fill("t")
    headers = page.locator("#runs-grid .ag-header-cell-text")
    expect(headers.filter(has_text="lr")).to_have_count(1)
    expect(headers.filter(has_text="same")).to_have_count(0)  # no difference, no column
    page.click("#runs-columns")
    visitor.search("same")
    visitor.choose("config.same")
    page.keyboard.press("Escape")
    expect(headers.filter(has_text="same")).to_have_count(1)
    page.wait_for_url("**columns=*config.same*")
    loss.click()
    loss.focus()
    page.keyboard.press("Control+Enter")
    page.locator(".ag-filter .ag-picker-field-wrapper").first.click()
    page.get_by_text("Greater than", exact=True).click()
    page.locator(".ag-filter input[type=number]").first.fill("1.5")
    page.keyboard.press("Escape")
    expect(page.locator(SHOWN)).to_have_text(["a", "c"])
    for box in page.locator("#runs-grid .ag-pinned-left-cols-container .ag-row").get_by_role("checkbox").all():
        box.check()
    check_look(page)
    expect(page).to_have_url(re.compile("runs=a%2Cc"))
    page.reload()
    check_look(page)
    page.locator(SHOWN).first.click()
    page.wait_for_selector("nav[aria-label=Run]")  # the address alone changes before the page does
    page.go_back()
    check_look(page)
    page.locator("#runs-grid .ag-header").get_by_role("checkbox").click()
    expect(page.locator("#runs-compare")).to_have_text("Choose runs to compare")
    expect(page).to_have_url(re.compile(r"^((?!runs=).)*$"))
    assert visitor.inaccessible() == []
    follow(page, "/")
    expect(page.locator("#runs-grid")).to_have_count(0)
    follow(page, f'{project}?filter={{"state":{{"filterType":"number"}}}}&sort=x,-y')  # nonsense
    expect(page.locator(SHOWN)).to_have_text(["c", "b", "a"])
    expect(page.locator("#runs-compare")).to_have_text("Choose runs to compare")


@pytest.mark.soak
def test_an_address_that_says_nonsense_shows_the_list_and_keys_compare_two_of_it(visitor: Visitor, project):
    page = visitor.open(f"{project}?sort=%5B&filter=%7B&runs=no-such")
    expect(page.locator(SHOWN)).to_have_text(["c", "b", "a"])
    expect(page.locator("#runs-compare")).to_have_text("Choose runs to compare")
    for name in ("a", "b"):
        row = page.locator("#runs-grid .ag-pinned-left-cols-container .ag-row", has_text=name)
        row.get_by_role("checkbox").focus()
        page.keyboard.press("Space")
    page.get_by_role("link", name="Compare 2 runs").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?runs=*")
    expect(page.locator("#compare-config .ag-pinned-left-cols-container .ag-row")).to_have_text(["lr"])
    expect(page.locator("#compare-summary .ag-pinned-left-cols-container .ag-row")).to_have_text(["extra.deep", "loss"])
    expect(page.locator("#charts-legend a")).to_have_count(2)
    assert visitor.inaccessible() == []
    wandb.init(project="growing", name="one").finish()
    follow(page, "/local/growing")
    expect(page.locator(SHOWN)).to_have_text(["one"])
    wandb.init(project="growing", name="two").finish()  # the list follows new runs
    expect(page.locator(SHOWN)).to_have_text(["two", "one"])
    expect(page.locator("#runs-count")).to_have_text("2 runs")


def send(server, project: str, losses: dict[str, str]):
    """Runs with these losses, as JSON, in their summaries."""
    make = 'mutation($p:String,$n:String){upsertBucket(input:{entityName:"local",modelName:$p,name:$n}){inserted}}'
    for name, loss in losses.items():
        server.graphql(make, p=project, n=name)
        files = {"wandb-summary.json": {"offset": 0, "content": [f'{{"loss": {loss}}}']}}
        server.ask(f"/files/local/{project}/{name}/file_stream", json.dumps({"files": files}).encode())


def check_order(visitor: Visitor):
    """Diverged runs do not disturb the order and the filter of a column."""
    send(visitor.server, "diverged", {"a": "30", "b": "NaN", "c": "4", "d": "Infinity", "e": "20", "f": "0"})
    page = visitor.page
    follow(page, "/local/diverged?columns=summary.loss")
    page.get_by_role("columnheader", name="loss").click()
    cells = "[...document.querySelectorAll('#runs-grid .ag-cell[col-id=\"summary.loss\"]')]"
    shown = f"{cells}.map(cell => [+cell.closest('.ag-row').getAttribute('row-index'), cell.innerText])"
    order = f"{shown}.sort((a, b) => a[0] - b[0]).map(pair => pair[1]).join()"
    visitor.eventually(order, "0,4,20,30,∞,NaN")
    page.get_by_role("columnheader", name="loss").click()
    visitor.eventually(order, "30,20,4,0,∞,NaN")
    page.get_by_role("columnheader", name="loss").focus()
    page.keyboard.press("Control+Enter")  # AG Grid's key for the filter of a column
    page.locator(".ag-filter input[type=number]").first.fill("20")
    visitor.eventually(f"{shown}.map(pair => pair[1]).join()", "20")


def check_digits(visitor: Visitor):
    """Numbers are short, and the pointer shows all of their digits."""
    send(visitor.server, "digits", {"a": str(1 / 3), "b": str(2 / 3e7), "c": "1234567"})
    page = visitor.page
    for path, cells in (
        ("/local/digits", "#runs-grid .ag-cell[col-id='summary.loss']"),
        ("/local/digits/compare?runs=a,b,c", "#compare-summary .ag-center-cols-container .ag-cell"),
    ):
        follow(page, path)
        shown = page.locator(cells)
        expect(shown.filter(has_text="1")).to_have_count(1)  # their block has come
        expect(shown).to_have_count(3)
        assert set(shown.all_inner_texts()) == {"0.333333", "6.66667e-8", "1234567"}
        exact = shown.filter(has_text="0.333333").locator("xpath=descendant-or-self::*[@title]")
        expect(exact.first).to_have_attribute("title", "0.3333333333333333")


@pytest.mark.soak
def test_columns_and_runs_may_have_any_name_and_any_number(visitor: Visitor, server):
    make = (
        "mutation($p:String,$n:String,$c:JSONString)"
        '{upsertBucket(input:{entityName:"local",modelName:$p,name:$n,config:$c}){inserted}}'
    )
    for number, run in enumerate(("key", "x,y", "[z")):
        config = {name: {"value": number} for name in NAMES}
        server.graphql(make, p="names", n=run, c=json.dumps(config))
    chosen = [f"config.{name}" for name in NAMES]
    page = visitor.open(f"/local/names?{urlencode({'columns': ','.join(chosen[1:4])})}")  # a link of an earlier server
    headers = page.locator("#runs-grid .ag-header-cell-text")
    first = ["Run", "State", "Created"]
    expect(headers.and_(page.locator(f":text-is('{NAMES[3]}')"))).to_have_count(1)
    page.click("#runs-columns")
    visitor.search(NAMES[0])
    visitor.choose(chosen[0])
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("columns=%5B"))
    page.reload()
    for place, name in enumerate((*NAMES[1:4], NAMES[0])):
        cells = page.locator(f"#runs-grid .ag-center-cols-container .ag-cell[aria-colindex='{len(first) + 2 + place}']")
        expect(cells).to_have_text(["2", "1", "0"])
        expect(headers.filter(has_text=name)).to_have_count(1)
    for box in page.locator("#runs-grid .ag-pinned-left-cols-container .ag-row").get_by_role("checkbox").all():
        box.check()
    page.get_by_role("link", name="Compare 3 runs").click()
    expect(page.locator("#charts-legend a")).to_have_count(3)
    heads = page.locator("#compare-config .ag-header-cell-text")
    expect(heads).to_have_count(4)
    expect(page.locator("#compare-config .ag-pinned-left-cols-container .ag-row").first).to_have_text(sorted(NAMES)[0])
    check_order(visitor)
    check_digits(visitor)
