"""Which of its stored parts a table is read from, while they come in and afterwards."""

import base64
import hashlib
import json

import pytest

from tests.wandb_local.web.uploads import Uploads
from wandb_local.names import to_id
from wandb_local.web.table.browser import grid_row
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
    assert lacking.table.faults == ("1 files of this table are not stored on this server",)  # the mask
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
    assert tables.open(SOURCE).table.faults == ("2 files of this table are not stored on this server",)
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


def framed(rows):
    """A table's file with an image, two masks and a video in each row, and the files that it names."""
    data, names = [], []
    for row in range(rows):
        image, *masks, video = own = [f"{row}.png", f"{row}-truth.png", f"{row}-prediction.png", f"{row}.mp4"]
        paths = zip(("truth", "prediction"), masks, strict=True)
        layers = {name: {"_type": "mask", "path": path} for name, path in paths}
        data.append([{"_type": "image-file", "path": image, "masks": layers}, {"_type": "video-file", "path": video}])
        names += own
    return json.dumps({"columns": ["image", "video"], "data": data}).encode(), names


def test_files_are_looked_for_all_at_once(context, uploads):
    asked: list[str] = []
    context.db._connection().set_trace_callback(asked.append)
    counts = []
    for number, rows in enumerate((60, 200)):
        table, names = framed(rows)
        uploads.version(f"C{number}", f"t{number}", {"t.table.json": table, **dict.fromkeys(names, b"1")})
        asked.clear()
        opened = Tables(context).open(Source("local", "p", "t.table.json", name=f"t{number}", version="v0"))
        assert (len(opened.table.rows), opened.table.faults) == (rows, ())
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_files_here_behind_references_lost_and_absent(context, uploads):
    table, names = framed(4)
    here, behind, absent, lost = (names[4 * row : 4 * row + 4] for row in range(4))
    uploads.version("C1", "others", {f"deep/{name}": name.encode() for name in behind})
    stored = {"t.table.json": table} | {name: name.encode() for name in (*here, *lost)}
    references = {name: f"wandb-client-artifact://C1/deep/{name}" for name in behind}
    uploads.version("C2", "t", stored, references | {absent[0]: "s3://bucket/of/32/characters/000"})
    for name in lost:
        context.blobs.path(hashlib.md5(name.encode()).hexdigest()).unlink()
    opened = Tables(context).open(Source("local", "p", "t.table.json", name="t", version="v0")).table
    assert opened.faults == ("4 files of this table are not stored on this server",)
    shown = [grid_row(opened, row) for row in range(4)]
    addresses = [(row["c0"][0]["url"], row["c1"]["href"]) for row in shown]
    place = "/_media/artifacts/local/p"
    assert addresses == [
        (f"{place}/t/v0/0.png", f"{place}/t/v0/0.mp4"),
        (f"{place}/others/v0/deep/1.png", f"{place}/others/v0/deep/1.mp4"),
        ("", ""),
        ("", ""),
    ]
    assert [sorted(row["c0"][0]["masks"]) for row in shown] == [["prediction", "truth"]] * 2 + [
        [],
        ["prediction", "truth"],
    ]
