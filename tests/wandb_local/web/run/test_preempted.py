"""The page of a run that is preempted moves on with it."""

import re

import pytest
from playwright.sync_api import expect

from tests.wandb_local.test_preemption import MARK, UPSERT, tell
from tests.wandb_local.web.conftest import Visitor


def row(number):
    return {"wandb-history.jsonl": {"offset": number, "content": [f'{{"_step": {number}, "loss": {1 - number / 10}}}']}}


@pytest.mark.soak
def test_the_page_follows_a_run_that_is_preempted_and_goes_on(visitor: Visitor, shared_server):
    project = "preempted"
    shared_server.graphql(UPSERT, p=project, n="r", h="h")
    tell(shared_server, project, "r", files=row(0), **MARK)
    page = visitor.open(f"/local/{project}/runs/r")
    heading, points = page.locator("#run-state"), page.locator("#charts-grid .scatterlayer .point")
    expect(heading.locator(".badge")).to_have_text("preempting")
    expect(points).to_have_count(1)
    expect(heading).to_contain_text(re.compile(r"\b1 row\b"))
    tell(shared_server, project, "r", files=row(1))
    expect(heading).to_contain_text("2 rows")
    expect(points).to_have_count(2)
    tell(shared_server, project, "r", complete=True, exitcode=7)
    expect(heading.locator(".badge")).to_have_text("preempted")
    run = shared_server.graphql('query($p:String){project(name:$p){run(name:"r"){id}}}', p=project)["project"]["run"]
    resume = 'mutation($i:String){upsertBucket(input:{id:$i,host:"h"}){bucket{state}}}'
    assert shared_server.graphql(resume, i=run["id"])["upsertBucket"]["bucket"]["state"] == "running"
    expect(heading.locator(".badge")).to_have_text("running")
