"""The list of runs in a browser: sorted, filtered, with chosen columns, compared."""

import json
import re
from urllib.parse import urlencode

import pytest
import wandb
from playwright.sync_api import expect

from tests.wandb_local.web.conftest import Visitor
from tests.wandb_local.web.table.steps import NAMES

SHOWN = "#runs-grid .ag-pinned-left-cols-container .ag-row a"


@pytest.fixture(scope="module")
def project(client_home):
    """A project with three runs."""
    for name, lr, loss in (("a", 0.1, 3.0), ("b", 0.01, 1.0), ("c", 0.1, 2.0)):
        with wandb.init(project="listed", name=name, id=name, config={"lr": lr, "same": 1}, tags=[f"t{name}"]) as run:
            run.log({"loss": loss, "extra": {"deep": loss * 10}})
    return "/local/listed"


def test_runs_are_sorted_and_found(visitor: Visitor, project):
    page = visitor.open(project)
    expect(page.locator(SHOWN)).to_have_text(["c", "b", "a"])
    page.get_by_role("columnheader", name="loss").click()
    visitor.eventually(f"[...document.querySelectorAll('{SHOWN}')].length", 3)
    rows = page.locator("#runs-grid .ag-center-cols-container .ag-row")
    expect(rows.and_(page.locator("[row-index='0']"))).to_contain_text("1")
    expect(page.locator("#runs-count")).to_have_text("3 runs")
    page.get_by_label("Find a run").fill("tb")
    expect(page.locator(SHOWN)).to_have_text(["b"])
    expect(page.locator("#runs-count")).to_have_text("1 of 3 runs")
    assert visitor.inaccessible() == []


def test_columns_are_chosen_and_kept_in_the_address(visitor: Visitor, project):
    page = visitor.open(project)
    headers = page.locator("#runs-grid .ag-header-cell-text")
    expect(headers.filter(has_text="lr")).to_have_count(1)
    expect(headers.filter(has_text="same")).to_have_count(0)  # no difference, no column
    page.click("#runs-columns")
    visitor.search("same")
    visitor.choose("config.same")
    page.keyboard.press("Escape")
    expect(headers.filter(has_text="same")).to_have_count(1)
    page.wait_for_url("**columns=*config.same*")
    page.reload()
    expect(headers.filter(has_text="same")).to_have_count(1)


def test_how_the_list_is_looked_at_stays_at_back_and_at_a_reload(visitor: Visitor, project):
    page = visitor.open(project)
    loss = page.get_by_role("columnheader", name="loss")
    loss.click()
    loss.click()
    page.get_by_label("Find a run").fill("t")
    loss.focus()
    page.keyboard.press("Control+Enter")
    page.locator(".ag-filter .ag-picker-field-wrapper").first.click()
    page.get_by_text("Greater than", exact=True).click()
    page.locator(".ag-filter input[type=number]").first.fill("1.5")
    page.keyboard.press("Escape")
    expect(page.locator(SHOWN)).to_have_text(["a", "c"])
    for box in page.locator("#runs-grid .ag-pinned-left-cols-container .ag-row").get_by_role("checkbox").all():
        box.check()

    def look():
        expect(page.locator("#runs-count")).to_have_text("2 of 3 runs")
        expect(page.get_by_label("Find a run")).to_have_value("t")
        expect(page.locator("#runs-grid [role=columnheader][col-id='summary.loss']")).to_have_attribute(
            "aria-sort", "descending"
        )
        expect(page.locator("#runs-compare a")).to_have_attribute("href", re.compile("runs=a%2Cc$"))
        rows = page.locator("#runs-grid .ag-pinned-left-cols-container .ag-row-selected")
        expect(rows).to_have_text(["a", "c"])

    look()
    expect(page).to_have_url(re.compile("runs=a%2Cc"))
    page.reload()
    look()
    page.locator(SHOWN).first.click()
    page.wait_for_selector("nav[aria-label=Run]")  # the address alone changes before the page does
    page.go_back()
    look()
    page.locator("#runs-grid .ag-header").get_by_role("checkbox").click()
    expect(page.locator("#runs-compare")).to_have_text("Choose runs to compare")
    expect(page).to_have_url(re.compile(r"^((?!runs=).)*$"))
    assert visitor.inaccessible() == []


@pytest.mark.parametrize(
    "query", ["sort=%5B&filter=%7B&runs=no-such", 'filter={"state":{"filterType":"number"}}&sort=x,-y']
)
def test_an_address_that_says_nonsense_shows_the_list(visitor: Visitor, project, query):
    page = visitor.open(f"{project}?{query}")
    expect(page.locator(SHOWN)).to_have_text(["c", "b", "a"])
    expect(page.locator("#runs-compare")).to_have_text("Choose runs to compare")


def test_two_runs_are_compared_with_the_keyboard(visitor: Visitor, project):
    page = visitor.open(project)
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


def test_the_list_follows_new_runs(visitor: Visitor, client_home):
    wandb.init(project="growing", name="one").finish()
    page = visitor.open("/local/growing")
    expect(page.locator(SHOWN)).to_have_text(["one"])
    wandb.init(project="growing", name="two").finish()
    expect(page.locator(SHOWN)).to_have_text(["two", "one"])
    expect(page.locator("#runs-count")).to_have_text("2 runs")


def test_diverged_runs_do_not_disturb_the_order(visitor: Visitor, server):
    make = 'mutation($p:String,$n:String){upsertBucket(input:{entityName:"local",modelName:$p,name:$n}){inserted}}'
    for name, loss in {"a": "30", "b": "NaN", "c": "4", "d": "Infinity", "e": "20", "f": "0"}.items():
        server.graphql(make, p="diverged", n=name)
        files = {"wandb-summary.json": {"offset": 0, "content": [f'{{"loss": {loss}}}']}}
        server.ask(f"/files/local/diverged/{name}/file_stream", json.dumps({"files": files}).encode())
    page = visitor.open("/local/diverged?columns=summary.loss")
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


def test_columns_and_runs_may_have_any_name(visitor: Visitor, server):
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


def test_numbers_are_short_and_the_pointer_shows_all_of_them(visitor: Visitor, server):
    make = 'mutation($n:String){upsertBucket(input:{entityName:"local",modelName:"digits",name:$n}){inserted}}'
    for name, loss in {"a": 1 / 3, "b": 2 / 3e7, "c": 1234567}.items():
        server.graphql(make, n=name)
        files = {"wandb-summary.json": {"offset": 0, "content": [json.dumps({"loss": loss})]}}
        server.ask(f"/files/local/digits/{name}/file_stream", json.dumps({"files": files}).encode())
    for path, cells in (
        ("/local/digits", "#runs-grid .ag-cell[col-id='summary.loss']"),
        ("/local/digits/compare?runs=a,b,c", "#compare-summary .ag-center-cols-container .ag-cell"),
    ):
        page = visitor.open(path)
        shown = page.locator(cells)
        expect(shown.filter(has_text="1")).to_have_count(1)  # their block has come
        expect(shown).to_have_count(3)
        assert set(shown.all_inner_texts()) == {"0.333333", "6.66667e-8", "1234567"}
        exact = shown.filter(has_text="0.333333").locator("xpath=descendant-or-self::*[@title]")
        expect(exact.first).to_have_attribute("title", "0.3333333333333333")
