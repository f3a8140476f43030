"""Strict JSON."""

import json
import math

import numpy as np
import pytest

from files.jsons import json_text, plain


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
