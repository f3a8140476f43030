"""What stays in memory of the tables that were opened, and their JSON, which is read row by row."""

import gc
import json
import sys

import pytest

from tests.wandb_local.web.uploads import Uploads
from wandb_local.limits import TooLargeError
from wandb_local.web.recent import Recent, size
from wandb_local.web.table import tables as opened
from wandb_local.web.table.rows import loads
from wandb_local.web.table.tables import Source, Tables

TEXTS = [
    '{"columns": ["a", "data"], "data": [[1, {"data": [2]}], [NaN, "x"]], "nrows": 2}',
    ' {\n"data" : [ [1] ,\t[2]\r] } ',
    '{"data": []}',
    '{"data": {"a": [1]}, "more": null}',
    '{"data": [1, "two", null, {"a": 1}], "data": [[3]]}',
    '{"d\\u0061ta": [[1], ["\\ud800"]]}',
    "{}",
    "[1, 2]",
    '"text"',
    ' \n"text"\t ',
    ' { "data" : [ \n[ 1 , 2 ] , \t3 ] , "a" : { } } \r\n',
]
BROKEN = [
    "",
    "{",
    "{}{}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{"data":[1,]}',
    '{"data":[1 2]}',
    '{"data":[1',
    "{1:2}",
    "[1",
    '{"data":[[1],,[2]]}',
    '{"data":[1]}]',
    '"a" "b"',
    " ",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_table_row_by_row_is_the_same_json(text):
    taken = []
    found = loads(text, lambda row: taken.append(row) or row)
    assert repr(found) == repr(json.loads(text))  # NaN is not equal to itself
    assert isinstance(found, dict) or taken == []


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        json.loads(text)
    with pytest.raises(ValueError, match=r"."):
        loads(text, lambda row: row)


@pytest.mark.parametrize("text", ['{"data": [[0], [%s]]}', '{"columns": %s}', '{"data": {"a": %s}}', "%s"])
def test_a_part_that_is_too_deep_is_refused_and_many_shallow_ones_are_not(text):
    def nested(depth):
        return text % ("[" * depth + "]" * depth)

    assert loads(nested(90), lambda row: row) == json.loads(nested(90))
    with pytest.raises(TooLargeError, match="deeper"):
        loads(nested(101), lambda row: row)
    with pytest.raises((ValueError, RecursionError)):
        loads(nested(100_000), lambda row: row)
    assert len(loads(text % ("[" + "[[]]," * 500 + "0]"), lambda row: row)) > 0


def test_tables_stay_in_memory_up_to_a_number_of_bytes(context, monkeypatch):
    uploads = Uploads(context)
    for name, letters in (("a", 10_000), ("b", 10_000), ("c", 100_000)):
        table = json.dumps({"columns": ["x"], "data": [[name * letters]]}).encode()
        uploads.version(name, name, {"t.table.json": table})
    monkeypatch.setattr(opened, "MOST_BYTES", 50_000)
    tables = Tables(context)
    one, two, large = (Source("local", "p", "t.table.json", name=name, version="v0") for name in "abc")
    first, second = tables.open(one), tables.open(two)
    assert (tables.open(one), tables.open(two)) == (first, second)
    third = tables.open(large)  # takes the room of both, and is kept as long as it is the last one
    assert tables.open(large) is third
    assert tables.open(one) is not first


def test_orders_stay_in_memory_up_to_a_number_of_bytes(context):
    uploads = Uploads(context)
    table = json.dumps({"columns": ["x"], "data": [[number] for number in range(1000)]}).encode()
    uploads.version("a", "a", {"t.table.json": table})
    found = Tables(context).open(Source("local", "p", "t.table.json", name="a", version="v0"))
    before, most = found.bytes, 0
    for number in range(200):
        assert list(found.order(f"x == {number}", [])) == [number]
        assert len(found.order(f"x != {number}", ["-x"])) == 999
        most = max(most, found.bytes - before)
    assert 100_000 < most < 200_000


def test_the_last_thing_is_kept_whatever_its_size():
    recent = Recent(10, len)
    for text in ("a" * 4, "b" * 4, "c" * 4, "d" * 100):
        assert recent.get(text[0], text.__str__) == text
        assert recent.size <= 10 or len(text) == recent.size
    assert recent.get("d", lambda: "anew") == "d" * 100
    assert recent.get("c", lambda: "anew") == "anew"


def test_the_size_of_rows_is_that_of_all_that_is_in_them():
    rows = [[1.5, "text", [2, {"three": "four"}]] for _ in range(2500)]
    inner = ([2, {"three": "four"}], 2, {"three": "four"}, "four")
    one = sum(map(sys.getsizeof, (rows[0], 1.5, "text", *inner)))
    assert size(rows) == 2500 * one
    assert size([]) == 0
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert size([deep]) > 0


def test_python_looks_for_cycles_again_once_a_table_is_read(context):
    uploads = Uploads(context)
    uploads.version("a", "a", {"t.table.json": json.dumps({"columns": ["x"], "data": [[1]]}).encode()})
    Tables(context).open(Source("local", "p", "t.table.json", name="a", version="v0"))
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
