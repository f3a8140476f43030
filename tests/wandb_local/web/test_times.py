"""Times as the reader's clock shows them."""

import json

import flask
import pytest
from playwright.sync_api import Browser, expect

from tests.wandb_local.process import Server
from tests.wandb_local.web.conftest import Visitor
from wandb_local.web import times

MOMENT = 1_700_000_000.5  # 2023-11-14 22:13:20 UTC


def at(zone):
    """A request of a reader in this zone."""
    return flask.Flask("t").test_request_context(headers={"Cookie": f"{times.COOKIE}={zone}"} if zone else {})


@pytest.mark.parametrize(
    ("zone", "short", "exact"),
    [
        ("Asia%2FTokyo", "2023-11-15 07:13", "2023-11-15 07:13:20+09:00"),
        ("America/New_York", "2023-11-14 17:13", "2023-11-14 17:13:20-05:00"),
        ("", "2023-11-14 22:13 UTC", "2023-11-14 22:13:20+00:00"),
        ("Nowhere/At_All", "2023-11-14 22:13 UTC", "2023-11-14 22:13:20+00:00"),
        ("../../etc/passwd", "2023-11-14 22:13 UTC", "2023-11-14 22:13:20+00:00"),
        ("%00", "2023-11-14 22:13 UTC", "2023-11-14 22:13:20+00:00"),
    ],
)
def test_a_time_is_that_of_the_reader_and_says_if_it_is_not(zone, short, exact):
    with at(zone):
        assert (times.short(MOMENT), times.exact(MOMENT)) == (short, exact)
        assert times.from_chart(times.for_chart(MOMENT)) == MOMENT


def test_what_a_chart_names_is_a_time_or_nothing():
    assert times.from_chart("2023-11-14 22:13:20.5") == MOMENT
    assert [times.from_chart(text) for text in ("", "yesterday", None, 3)] == [None] * 4


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (59.6, "1 min 0 s"), (61, "1 min 1 s"), (3_725, "1 h 2 min"), (180_000, "2 d 2 h")],
)
def test_how_long_something_took(seconds, text):
    assert times.duration(seconds) == text


def test_lists_show_local_times_and_are_sorted_by_the_true_ones(browser: Browser, shared_server: Server, login_state):
    make = 'mutation($n:String){upsertBucket(input:{entityName:"local",modelName:"zoned",name:$n}){inserted}}'
    for name in ("one", "two"):
        shared_server.graphql(make, n=name)
    created = {run["name"]: run["createdAt"] for run in _runs(shared_server)}
    context = browser.new_context(timezone_id="Asia/Kolkata", storage_state=login_state)
    visitor = Visitor(context, shared_server)
    page = visitor.open("/local/zoned")
    cell = page.locator("#runs-grid .ag-cell[col-id=created]").first
    expect(cell).not_to_have_text("")  # its block has come
    shown = cell.inner_text()
    title = cell.locator("xpath=descendant-or-self::*[@title]").first.get_attribute("title")
    local = page.evaluate("text => new Date(text).toLocaleString('sv')", created["two"])  # YYYY-MM-DD HH:MM:SS
    assert (shown, title) == (local[:16], f"{local}+05:30")
    page.get_by_role("columnheader", name="Created").click()
    rows = "[...document.querySelectorAll('#runs-grid .ag-pinned-left-cols-container .ag-row')]"
    name = "(row.querySelector('a')?.innerText ?? '').trim()"  # a row is empty until its block has come
    names = f"{rows}.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map(row => {name}).join()"
    visitor.eventually(names, ",".join(titles(shared_server)))
    context.close()
    assert visitor.faults == []


def _runs(server):
    query = '{project(name:"zoned",entityName:"local"){runs(first:9){edges{node{name createdAt displayName}}}}}'
    return [edge["node"] for edge in json.loads(json.dumps(server.graphql(query)))["project"]["runs"]["edges"]]


def titles(server):
    """What people see of the runs, in the order of their making."""
    return [run["displayName"] for run in sorted(_runs(server), key=lambda run: run["name"])]
