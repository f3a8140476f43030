"""Console lines, read from the stores."""

import pytest

from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.records.projects import need_run
from wandb_local.web.run import console
from wandb_local.web.run.terminal import readable

LINES = [
    "2026-11-22T10:00:00.000000 Straße 1",
    "ERROR 2026-11-22T10:00:01.000000 \x1b[1mepoch\x1b[0m 1: 100%|####|\n",
    "ERROR 2026-11-22T10:00:02.000000 an Error",
    "ОШИБКА 2026",
]
SHOWN = ["Straße 1", "epoch 1: 100%|####|", "an Error", "ОШИБКА 2026"]


@pytest.fixture
def run(context):
    runs.upsert(context, {"entityName": "local", "modelName": "p", "name": "r", "host": "h"})
    filestream.receive(context, "local", "p", "r", {"files": {"output.log": {"offset": 0, "content": LINES}}})
    return need_run(context, "local", "p", "r")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", SHOWN),
        ("error", ["an Error"]),
        ("2026", ["ОШИБКА 2026"]),
        ("T10:00", []),
        ("epoch 1", ["epoch 1: 100%|####|"]),
        ("ошибка", ["ОШИБКА 2026"]),
        ("STRASSE", ["Straße 1"]),
    ],
)
def test_what_is_shown_is_searched_not_the_marks_before_it(context, run, search, found):
    lines, total = console.read_lines(context, run, search, 0)
    assert ([readable(line) for line in lines], total) == (found, len(found))


def test_pages_of_what_is_found(context, run, monkeypatch):
    monkeypatch.setattr(console, "PER_PAGE", 2)
    for search in ("", "1", "r"):
        pages = [console.read_lines(context, run, search, back) for back in (4, 2, 0)]
        found = [readable(line) for page, _ in pages for line in page]
        assert found == [line for line in SHOWN if search in line]
        assert {total for _, total in pages} == {len(found)}
