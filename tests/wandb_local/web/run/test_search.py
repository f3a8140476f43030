"""A search in console lines that goes on while they come in."""

import pytest

from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.records.projects import need_run
from wandb_local.web.run.search import find


class Console:
    """Runs that print, and what a search looks at."""

    def __init__(self, context):
        self._context = context
        self.looked_at = []

    def start(self, name):
        runs.upsert(self._context, {"entityName": "local", "modelName": "p", "name": name, "host": "h"})

    def print(self, name, offset, *lines):
        message = {"files": {"output.log": {"offset": offset, "content": list(lines)}}}
        filestream.receive(self._context, "local", "p", name, message)

    def search(self, name, text):
        self.looked_at.clear()
        return find(self._context, need_run(self._context, "local", "p", name), text, self._shows).tolist()

    def _shows(self, row, wanted):
        self.looked_at.append(row["number"])
        return wanted in row["line"]


@pytest.fixture
def console(context):
    made = Console(context)
    for name in ("a", "b"):
        made.start(name)
        made.print(name, 0, *(f"line {number}" for number in range(20)))
    return made


def test_only_what_came_since_is_looked_at(console):
    assert console.search("a", "LINE 1") == [1, *range(10, 20)]
    assert console.looked_at == list(range(20))
    assert console.search("a", "line 1") == [1, *range(10, 20)]
    assert console.looked_at == []
    console.print("b", 20, "line 1 of another run")
    console.print("a", 20, "line 1", "line 2")
    assert console.search("a", "line 1") == [1, *range(10, 21)]
    assert console.looked_at == [20, 21]


@pytest.mark.parametrize(("number", "line", "found"), [(3, "line 1", [1, 3]), (1, "x", []), (9, "line 1", [1, 9])])
def test_a_line_that_is_rewritten_is_looked_at_again(console, number, line, found):
    console.start("c")
    console.print("c", 0, *(f"line {number}" for number in range(10)))
    assert console.search("c", "line 1") == [1]
    for _ in range(3):  # the last one too, over and over
        console.print("c", number, line)
        assert console.search("c", "line 1") == found
        assert console.looked_at == [number]


def test_a_run_that_starts_anew_or_after_another_is_deleted_is_searched_anew(console, context):
    assert console.search("a", "line 1") == [1, *range(10, 20)]
    assert console.search("b", "line 1") == [1, *range(10, 20)]
    runs.delete(context, need_run(context, "local", "p", "b")["id"], delete_artifacts=False)  # the highest row ids
    console.print("a", 20, "line 1")
    assert console.search("a", "line 1") == [1, *range(10, 21)]
    console.start("a")
    console.print("a", 0, *(f"other {number}" for number in range(30)))
    assert console.search("a", "line 1") == []
    assert console.search("a", "other 2") == [2, *range(20, 30)]
