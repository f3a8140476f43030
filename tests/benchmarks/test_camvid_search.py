"""The committed table of trainings on CamVid, and what search finds in it."""

import math
import statistics

import pytest

from benchmarks.recorded_search import METRICS, SPACE, compare, outcome, read_table

POINTS = math.prod(len(values) for values in SPACE.values())


def test_every_point_is_recorded_once():
    table = read_table()
    assert len(table) == POINTS >= 100
    assert len({tuple(row.settings.values()) for row in table}) == POINTS
    assert all(0 <= value <= 1 for row in table for value in row.metrics.values())


def test_the_outcome_is_that_of_the_nearest_rate():
    table = read_table()
    wanted = table[0]
    args = wanted.settings | {"lr": wanted.settings["lr"] * 1.9 if wanted.settings["lr"] < 0.02 else 0.02}
    for metric in METRICS:
        assert outcome(table, args, metric) == wanted.metrics.get(metric)


@pytest.mark.soak
@pytest.mark.parametrize("metric", METRICS[:2])
def test_bayesian_search_finds_more_than_random_search(metric):
    found = compare(read_table(), metric, runs=15, seeds=50)
    assert statistics.median(found["bayes"]) > statistics.median(found["random"])
