"""Which of its stored parts a table is read from, while they come in and afterwards."""

import base64
import json

import pytest

from tests.wandb_local.web.uploads import Uploads
from wandb_local.names import to_id
from wandb_local.web.table.tables import Source, Tables

SOURCE = Source("local", "p", "t", run="r")


@pytest.fixture
def uploads(context):
    return Uploads(context)


def numbers(count):
    """A table's file with that many rows."""
    return json.dumps({"columns": ["x"], "data": [[number] for number in range(count)]}).encode()


def pictures():
    """A table's file with one image and one mask."""
    image = {"_type": "image-file", "path": "a.png", "masks": {"truth": {"_type": "mask", "path": "m.png"}}}
    return json.dumps({"columns": ["image"], "data": [[image]]}).encode()


def test_the_artifact_is_read_as_soon_as_it_is_there(context, uploads):
    tables = Tables(context)
    uploads.summary("wandb-client-artifact://C1")
    uploads.file("t.table.json", numbers(10))
    assert len(tables.open(SOURCE).table.rows) == 10  # the run's own copy, which is cut off
    uploads.version("C1", "run-r-t", {"t.table.json": numbers(30)})
    whole = tables.open(SOURCE)
    assert len(whole.table.rows) == 30
    uploads.file("other", b"x")
    assert tables.open(SOURCE) is whole


def test_files_that_come_in_later_are_seen(context, uploads):
    tables = Tables(context)
    uploads.summary("wandb-client-artifact://C1")
    uploads.file("t.table.json", pictures())
    uploads.file("a.png", b"1")
    lacking = tables.open(SOURCE)
    assert lacking.table.faults == ("1 files of this table are not stored here",)  # the mask
    assert tables.open(SOURCE) is lacking  # until something comes in
    uploads.file("m.png", b"2")
    whole = tables.open(SOURCE)
    assert whole.table.faults == ()
    uploads.file("other", b"x")
    assert tables.open(SOURCE) is whole


def test_references_to_a_version_that_is_committed_later_are_seen(context, uploads):
    tables = Tables(context)
    uploads.summary("wandb-client-artifact://C1")
    names = ("a.png", "m.png")
    uploads.version(
        "C1", "run-r-t", {"t.table.json": pictures()}, {name: f"wandb-client-artifact://C2/{name}" for name in names}
    )
    assert tables.open(SOURCE).table.faults == ("2 files of this table are not stored here",)
    uploads.version("C2", "frames", dict.fromkeys(names, b"1"))
    assert tables.open(SOURCE).table.faults == ()


def test_a_table_that_was_logged_twice_is_read_from_its_one_version(context, uploads):
    files = {"t.table.json": numbers(30)}
    uploads.file("t.table.json", numbers(10))
    uploads.version("C1", "run-r-t", files)
    uploads.version("C2", "run-r-t", files)  # becomes the first one
    merged = context.db.value("SELECT id FROM artifacts WHERE state = 'MERGED'")
    opaque = base64.b64decode(to_id("Artifact", merged)).hex()
    uploads.version("C3", "linked", {}, {"t.table.json": "wandb-client-artifact://C2/t.table.json"})
    for version in ("wandb-client-artifact://C2", "wandb-client-artifact://C3", f"wandb-artifact://{opaque}"):
        uploads.summary(version)
        assert len(Tables(context).open(SOURCE).table.rows) == 30, version
