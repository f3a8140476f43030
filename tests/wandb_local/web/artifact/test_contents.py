"""The lines of the files of a version, read from the stores."""

import pytest

from tests.wandb_local.web.uploads import Uploads
from wandb_local.records.projects import need_project
from wandb_local.web.artifact.contents import show_files
from wandb_local.web.artifact.read import need_version

TABLE = b'{"columns": ["n"], "data": [[1]]}'
HELD = {
    "held.table.json": "wandb-client-artifact://one/tables/t.table.json",
    "twice.table.json": "wandb-client-artifact://two/held.table.json",
    "lost.table.json": "wandb-client-artifact://never/t.table.json",
    "gone.table.json": "wandb-client-artifact://one/gone.table.json",
    "far.table.json": "http://example.invalid/t.table.json",
}


@pytest.fixture
def lines(context):
    """The rows of the grid by path, as a browser gets them."""
    uploads = Uploads(context)
    uploads.version("one", "first", files={"tables/t.table.json": TABLE})
    uploads.version("two", "second", references=HELD)
    assert need_project(context, "local", "p")
    given = {"entity": "local", "project": "p", "type": "run_table", "name": "second", "version": "v0"}
    grid = show_files(context, need_version(context, given)).children[1].children
    return {row["path"]: row for row in grid.rowData}


def test_a_table_held_by_reference_leads_to_where_it_lies(lines):
    held = lines["held.table.json"]
    assert held["content"] == "by reference: tables/t.table.json in first:v0"
    assert held["content_href"] == "/local/p/artifacts/run_table/first/v0/files"
    assert held["href"] == "/_media/artifacts/local/p/first/v0/tables/t.table.json"
    assert held["table_href"] == "/local/p/tables/second/v0/held.table.json"
    assert held["size"] == len(TABLE)
    assert lines["twice.table.json"]["content"] == held["content"]  # a reference to the reference


@pytest.mark.parametrize("path", ["lost.table.json", "gone.table.json"])
def test_a_reference_to_what_is_not_here_says_so(lines, path):
    line = lines[path]
    assert line["content"] == f"by reference to an artifact that this server does not have: {HELD[path]}"
    assert not line["href"] and not line["table"]


def test_a_reference_to_elsewhere_is_its_address(lines):
    far = lines["far.table.json"]
    assert (far["content"], far["href"], far["table"]) == (HELD["far.table.json"], None, None)
