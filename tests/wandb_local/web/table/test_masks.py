"""The classes in stored masks: what is known of them, and filters that ask for them in many rows."""

import io
import json

import numpy as np
from PIL import Image

from tests.wandb_local.web.uploads import Uploads
from wandb_local.web.table import masks
from wandb_local.web.table.masks import MaskCounts
from wandb_local.web.table.tables import Source, Tables

ROWS = 1_300  # several parts of them are looked at side by side


def mask(number):
    """A mask with ``number`` pixels of class 1 and one of class 200 in the place of class 0."""
    pixels = np.zeros((9, 7), np.uint8)
    pixels.flat[:number] = 1
    pixels[-1, -1] = 200
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


def cell(number):
    masks = {"truth": {"_type": "mask", "path": f"m{number % 20}.png"}}
    return {"_type": "image-file", "path": "a.png", "masks": masks}


def opened(context, uploads):
    rows = [[number, cell(number)] for number in range(ROWS)]
    uploads.summary("none")
    uploads.file("t.table.json", json.dumps({"columns": ["number", "image"], "data": rows}).encode())
    for name, content in {"a.png": b"1", **{f"m{number}.png": mask(number) for number in range(20)}}.items():
        uploads.file(name, content)
    return Tables(context).open(Source("local", "p", "t", run="r"))


def test_each_row_is_asked_for_its_classes_in_the_order_of_the_rows(context):
    table = opened(context, Uploads(context))
    assert list(table.order("HAS(truth, class 1)", [])) == [number for number in range(ROWS) if number % 20]
    few = [number for number in range(ROWS) if number % 20 < 3]
    assert list(table.order("pixels(truth, class 1) < 3", [])) == few
    assert list(table.order("pixels(truth, class 1) < 3 and number > 50", ["-number"])) == [
        number for number in reversed(few) if number > 50
    ]
    assert len(table.order("has(truth, class 200) and pixels(truth, class 200) == 1", [])) == ROWS


def test_a_mask_that_is_not_stored_any_more_has_no_classes(context):
    table = opened(context, Uploads(context))
    with context.db.write() as connection:
        connection.execute("DELETE FROM run_files WHERE name = 'm7.png'")
    expected = [number for number in range(ROWS) if number % 20 not in (0, 7)]
    assert list(table.order("has(truth, class 1)", [])) == expected


def test_what_is_known_of_masks_takes_a_number_of_bytes_at_most(context, monkeypatch):
    digests = [context.blobs.keep_bytes(mask(number)) for number in range(20)]
    counts = MaskCounts(context)
    monkeypatch.setattr(masks, "MOST_BYTES", 1_000)  # those of four or five masks
    found = [dict(counts(md5)) for md5 in digests]
    assert found == [{0: 62 - number, 200: 1} | ({1: number} if number else {}) for number in range(20)]
    for md5 in digests:
        context.blobs.path(md5).unlink()
    assert dict(counts(digests[-1])) == found[-1]
    assert dict(counts(digests[0])) == {}
