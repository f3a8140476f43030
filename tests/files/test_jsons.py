"""Strict JSON."""

import json
import math

import numpy as np
import pytest

from files.jsons import json_text, plain, read_json


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *((value, None) for value in (math.nan, np.float32("nan"))),
        *((value, value) for value in (0.5, 3, True, "text", None, math.inf)),
    ],
)
def test_what_is_undefined_becomes_null_and_all_else_stays(value, found):
    assert plain(value) is found or plain(value) == found


def test_numpy_scalars_become_numbers():
    assert plain(np.int64(3)) == 3
    assert type(plain(np.int64(3))) is int
    assert type(plain(np.float64(0.5))) is float


def test_a_row_is_one_key_a_line():
    text = json_text({"a": math.nan, "b": np.int64(2)})
    assert json.loads(text) == {"a": None, "b": 2}
    assert text == '{\n  "a": null,\n  "b": 2\n}\n'


def test_undefined_becomes_null_and_infinite_is_refused():
    assert json.loads(json_text({"a": float("nan"), "b": 1.0, "c": "cpu"})) == {"a": None, "b": 1.0, "c": "cpu"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"a": float("inf")})


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ('{\n"a": 1,\nb: 2}', "line 3, column 1", "a name in double quotes is expected here"),
        ('{"a": }', "line 1, column 7", "a value is expected here"),
        ("[1\n2]", "line 2, column 1", "a comma or a closing bracket is expected here"),
        ("[] []", "line 1, column 4", "the end of the file is expected here"),
    ],
)
def test_a_fault_of_json_is_told_with_its_place_and_what_is_expected(text, place, expected, tmp_path):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=rf"/a\.json, {place}: not valid JSON; {expected}"):
        read_json(tmp_path / "a.json")
