"""The table of recorded trainings: how it is made, and how it is read."""

import math

import pytest

from benchmarks import record_search
from benchmarks.recorded_search import METRICS, SPACE, read_table
from tests.drawings import synth_once

POINTS = math.prod(len(values) for values in SPACE.values())


@pytest.mark.soak
def test_a_training_is_a_row_and_the_next_call_goes_on_after_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    synth_once(tmp_path / "data", frames=30, seed=3, layout="segnet", size=(96, 128))
    table = tmp_path / "table.csv"
    table.write_text(",".join(record_search.COLUMNS) + "\n")
    first, second, *_ = record_search.missing(table)
    record_search.record(tmp_path / "data", table, most=1)
    (row,) = read_table(table)
    assert row.settings == first
    assert set(row.metrics) == set(METRICS)
    assert all(0 <= value <= 1 for value in row.metrics.values())
    left = list(record_search.missing(table))
    assert left[0] == second
    assert len(left) == POINTS - 1


def test_a_row_of_another_space_is_named(tmp_path):
    (tmp_path / "table.csv").write_text(",".join(record_search.COLUMNS) + "\nvgg16,ce,4,flat,0.1,0,0,0,0,9\n")
    with pytest.raises(ValueError, match=r"table\.csv: backbone=vgg16 is not in the space"):
        read_table(tmp_path / "table.csv")
