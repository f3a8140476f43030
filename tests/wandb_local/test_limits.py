"""What is small on the wire and huge in memory, or in time: refused before it grows, while others are served."""

import gzip
import io
import json
import socket
import urllib.error
import zipfile
from pathlib import Path

import hypothesis
import numpy as np
import psutil
import pytest
import wandb
from hypothesis import strategies as st
from PIL import Image

from tests.wandb_local.process import Server
from wandb_local import limits
from wandb_local.allowance import Allowance
from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.limits import MAX_SAME_FIELD, TooLargeError, check_json, load_yaml
from wandb_local.protocol.graphql.cost import Cost
from wandb_local.protocol.graphql.executor import parse_document
from wandb_local.protocol.graphql.runs import _like
from wandb_local.records.sweeps import parse_config
from wandb_local.server import open_services
from wandb_local.store.database import Database
from wandb_local.store.folder import DataFolder
from wandb_local.web.table.masks import MaskCounts
from wandb_local.web.table.tokens import FilterError, tokens

SWEEP = "method: random\nparameters:\n  x: {values: [1, 2]}\n"
VALUES = st.recursive(
    st.none() | st.integers() | st.text('a[]{},"\\é', max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('k[{,"\\', max_size=4), inner, max_size=4),
)


def doubled(levels, form="[*{0}, *{0}]"):
    """YAML whose last level holds the first one 2 ** levels times."""
    lines = ["a0: &a0 [x, x]" if "<<" not in form else "a0: &a0 {k: x}"]
    lines += [f"a{n}: &a{n} " + form.format(f"a{n - 1}") for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        doubled(28),
        doubled(24, "{{<<: [*{0}, *{0}]}}"),
        "a: &a [*a]",
        "a: " + "1:" * 100_000 + "1",
        "a: 0x" + "f" * 5_000,
        "[" * 500,
        "- " * 500 + "x",
        "a: '" + "x" * (300 << 10) + "'",
        "a: &a '" + "x" * 100_000 + "'\nb: [" + ", ".join(["*a"] * 20) + "]",
    ],
    ids=["aliases", "merged", "itself", "sixties", "digits", "brackets", "dashes", "long", "long when written out"],
)
def test_a_sweep_of_few_letters_stays_small(text):
    with pytest.raises(ClientError, match="sweep configuration"):
        parse_config(f"{SWEEP}description:\n  {text}" if text[0] in "[-" else SWEEP + text)


def test_aliases_are_no_harm_in_themselves():
    assert load_yaml("a: &a [1, 2]\nb: *a\nc: {<<: &d {x: 1}, y: *a}") == {
        "a": [1, 2],
        "b": [1, 2],
        "c": {"x": 1, "y": [1, 2]},
    }
    assert load_yaml("") is None
    assert parse_config(SWEEP)["parameters"]["x"]["values"] == [1, 2]


def marks(value):
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(len(inner) - 1, 0) + sum(map(marks, inner))


@hypothesis.given(value=VALUES, ascii_only=st.booleans())
def test_json_is_counted_as_it_is(value, ascii_only):
    text, exact = json.dumps(value, ensure_ascii=ascii_only), 1 + marks(value)
    assert check_json(text, exact) >= exact
    with pytest.raises(TooLargeError, match="more than"):
        check_json(text, exact - 1)


@pytest.mark.parametrize("inner", ['{"a":', "[", '[{"b":['])
def test_json_has_a_depth(inner):
    with pytest.raises(TooLargeError, match="deeper"):
        check_json(inner * 101)
    assert check_json('["' + inner.replace('"', "") * 101 + '"]')


def test_a_count_goes_on_over_the_pieces(monkeypatch):
    text = json.dumps([{"a": 'x"[,'}] * 500)
    monkeypatch.setattr(limits, "_PIECE", 7)
    assert limits._outside_of_strings(text.encode()) == (1 + marks(json.loads(text)), 2)


def archive(shape, dtype="<f8", data=b"", method=zipfile.ZIP_DEFLATED, head=None):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"shape": shape, "fortran_order": False, "descr": dtype})
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as files:
        files.writestr("c.npy", (file.getvalue() if head is None else head) + data)
    return target.getvalue()


@pytest.mark.parametrize(
    "make",
    [
        lambda: archive((5_000_000,), "|i1", bytes(5_000_000)),
        lambda: archive((10**12,)),
        lambda: archive((10**12, 0)),
        lambda: archive((1,), data=bytes(80 << 20)),
        lambda: archive((1,), head=b"\x93NUMPY\x02\x00\xff\xff\xff\xff", data=bytes(80 << 20)),
        lambda: archive((2,), "|O", bytes(16)),
        lambda: archive((-5, -1), data=bytes(40)),
        lambda: archive((1,), data=bytes(8), method=zipfile.ZIP_LZMA),
        lambda: archive((2,), data=bytes(3)),
        lambda: b"PK\x01\x02" * 2_000,
    ],
    ids=["zeros", "promised", "empty lists", "behind", "head", "objects", "negative", "lzma", "short", "entries"],
)
def test_arrays_are_judged_before_they_are_made(make):
    data = make()
    assert len(data) < 100_000
    with pytest.raises((TooLargeError, ValueError)):
        Allowance().array(data, "c")


def test_arrays_that_fit_are_read_until_the_allowance_is_used_up():
    left, target = Allowance(), io.BytesIO()
    given = np.asfortranarray(np.arange(600_000, dtype="f4").reshape(300, 2_000))
    np.savez_compressed(target, c=given)
    for _ in range(6):
        assert np.array_equal(left.array(target.getvalue(), "c"), given)
    with pytest.raises(TooLargeError, match="numbers in arrays"):
        left.array(target.getvalue(), "c")


def test_parts_of_a_table_share_one_allowance(monkeypatch, tmp_path):
    left = Allowance()
    monkeypatch.setattr(left, "_values", 10)
    assert left.json(b"[1, 2, NaN]")[:2] == [1, 2]
    with pytest.raises(TooLargeError, match="values"):
        left.json(b"[" + b"1," * 9 + b"1]")
    monkeypatch.setattr(left, "_bytes", 10)
    (tmp_path / "part").write_bytes(bytes(8))
    left.read(tmp_path / "part")
    with pytest.raises(TooLargeError, match="MiB"):
        left.read(tmp_path / "part")


def counted(folder):
    """What the server counts in the mask of a folder."""
    data = DataFolder(folder / "data")
    services = open_services(data)
    md5 = services.blobs.keep_bytes((folder / "x.png").read_bytes())
    services.close()
    return dict(MaskCounts(Context(**vars(services)))(md5))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA"])
def test_the_classes_of_a_mask_are_those_of_its_first_band(mode, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 2 if mode == "1" else 256, (9, 7, 4), np.uint8)
    first = pixels[..., 0]
    bands = {"LA": 2, "RGB": 3, "RGBA": 4}.get(mode)
    image = Image.fromarray(first * 255).convert("1") if mode == "1" else Image.fromarray(first)
    if mode == "P":
        image.putpalette(bytes(range(256)) * 3)
    image = Image.fromarray(pixels[..., :bands]) if bands else image
    assert image.mode == mode
    image.save(tmp_path / "x.png")
    expected = dict(zip(*(each.tolist() for each in np.unique(first, return_counts=True)), strict=True))
    assert counted(tmp_path) == expected


def test_a_mask_of_very_many_pixels_is_not_decoded(tmp_path):
    Image.new("L", (8_000, 8_000)).save(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size < 100_000
    assert counted(tmp_path) == {}


@pytest.mark.parametrize("text", ['"' + "\\" * 61, '"' + "\\a" * 60, "`" + "\\" * 3_001, "1" * 3_900 + "x"])
def test_a_filter_is_read_in_the_time_of_its_letters(text):
    with pytest.raises(FilterError):
        tokens(text, ["c"])
    assert tokens(r'"a\"b\\"', [])[0].text == r'a"b' + "\\"


def asking(fields):
    return "{" + " ".join(fields) + "}"


def query(document):
    parsed = parse_document(document)
    Cost(parsed.fragments).check(next(iter(parsed.operations.values())).selection_set)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (asking([f"a{n}:viewer{{id}}" for n in range(MAX_SAME_FIELD + 1)]), "21 times in one place"),
        (asking(["...{viewer{id}}"] * (MAX_SAME_FIELD + 1)), "21 times in one place"),
        (asking([f"f{n}" for n in range(1_001)]), "more than 1000 fields"),
        (
            "{...f0} fragment f40 on Query{id} "
            + " ".join(f"fragment f{n} on Query{{...f{n + 1} ...f{n + 1}}}" for n in range(30))
            + "fragment f30 on Query{id}",
            "more than 1000 fields",
        ),
        ("{...f} fragment f on Query{...f}", "form a circle"),
        ("{" + "a{" * 41 + "b" + "}" * 42, "deeper than 40"),
    ],
)
def test_a_query_is_counted_before_it_is_answered(document, fault):
    with pytest.raises(TooLargeError, match=fault):
        query(document)


def test_queries_that_ask_for_much_and_not_too_much():
    query(asking([f"a{n}:viewer{{id}}" for n in range(MAX_SAME_FIELD)]))
    query(asking([f"f{n}" for n in range(999)]))


def test_what_takes_too_long_is_interrupted(tmp_path):
    database = Database(tmp_path / "r.sqlite3")
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with limits.BUDGET.limited(0.05):
        with pytest.raises(Exception, match="interrupted"):
            database.value(endless)
        with pytest.raises(TooLargeError, match="ask for less"):
            limits.BUDGET.check()
        with limits.BUDGET.limited(float("inf")):  # a mutation
            limits.BUDGET.check()
    limits.BUDGET.check()
    database.close()


def test_names_by_a_pattern_of_many_wildcards(tmp_path):
    database = Database(tmp_path / "r.sqlite3")
    cases = [("a%c", "abc"), ("a_c", "aXc"), ("A.c", "a.C"), ("%.png", "x/y.png")]
    assert all(database.value("SELECT regexp(?, ?)", (_like(pattern), name)) for pattern, name in cases)
    assert not database.value("SELECT regexp(?, ?)", (_like("a.c"), "abc"))
    assert not database.value("SELECT regexp(?, ?)", (_like("%a" * 200 + "%b"), "a" * 1_000))
    database.close()


def asked(server, path, body, **headers):
    try:
        return 200, server.ask(path, body, **headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_compressed_message_of_very_many_values(server):
    body = gzip.compress(b"[" + b"[]," * 7_000_000 + b"1]", 6)
    process = psutil.Process(server.pid)
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # the peak of its memory begins anew
    before, used = process.memory_info().rss, process.cpu_times().user
    status, answer = asked(server, "/graphql", body, Content_Encoding="gzip")
    assert (status, b"more than 1000000 values" in answer) == (413, True)
    peak = next(line for line in Path(f"/proc/{server.pid}/status").read_text().splitlines() if "VmHWM" in line)
    assert int(peak.split()[1]) * 1024 - before < 200 << 20
    assert process.cpu_times().user - used < 10


@pytest.mark.parametrize("line", ['{"a":' * 101 + "1" + "}" * 101, '{"a":[' + "[]," * 1_000_001 + "1]}"])
def test_a_line_of_history_is_no_deeper_than_pages_can_show(server, project, line):
    server.graphql('mutation($p:String){upsertBucket(input:{modelName:$p,name:"r"}){inserted}}', p=project)
    body = json.dumps({"files": {"wandb-summary.json": {"offset": 0, "content": [line]}}}).encode()
    status, answer = asked(server, f"/files/local/{project}/r/file_stream", body)
    assert (status, b"files: a line: the JSON" in answer) == (413, True)


def test_the_refusal_of_a_query_is_one_that_clients_print(server, project):
    body = json.dumps({"query": asking([f"a{n}:viewer{{id}}" for n in range(100)])}).encode()
    status, answer = asked(server, "/graphql", body)
    assert (status, json.loads(answer)["data"]) == (413, None)
    assert "viewer is requested 100 times" in json.loads(answer)["errors"][0]["message"]
    server.graphql('mutation($p:String){upsertBucket(input:{modelName:$p,name:"r"}){inserted}}', p=project)
    with pytest.raises(Exception, match="filters: more than 10000 values"):
        list(wandb.Api().runs(f"local/{project}", filters={"name": {"$in": [str(n) for n in range(10_001)]}}))


def test_those_who_say_nothing_make_room(tmp_path):
    with Server(tmp_path, prefix=["prlimit", "--nofile=512:512"]) as server:
        held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(600)]
        for _ in range(3):
            assert server.graphql("{viewer{id}}")
        assert "Too many open files" not in server.log()
        for connection in held:
            connection.close()
