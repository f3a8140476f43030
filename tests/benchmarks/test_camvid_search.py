"""The committed table of trainings on CamVid, and what search finds in it."""

import math
import statistics

import pytest

from benchmarks.recorded_search import METRICS, RATES, SPACE, compare, outcome, parameters, play, read_table

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


@pytest.mark.parametrize("metric", METRICS)
def test_the_optimum_is_no_corner_and_nothing_beyond_the_table_beats_it(metric):
    table = read_table()
    best = max((row for row in table if metric in row.metrics), key=lambda row: row.metrics[metric])
    limits = parameters()["lr"]
    assert 10 * limits["min"] < best.settings["lr"] < limits["max"] / 10
    for row in table:
        last = outcome(table, row.settings | {"lr": SPACE["lr"][-1]}, metric) or 0.0
        beyond = [outcome(table, row.settings | {"lr": rate}, metric) or 0.0 for rate in RATES[len(SPACE["lr"]) :]]
        assert max(beyond) <= last <= best.metrics[metric]


def test_noise_changes_what_a_sweep_sees_and_not_what_counts():
    table, metric = read_table(), METRICS[1]
    recorded = {row.metrics[metric] for row in table if metric in row.metrics}
    found = [play(table, metric, "random", seed, runs=15, noise=0.1) for seed in range(5)]
    assert set(found) <= recorded
    assert found != [play(table, metric, "random", seed, runs=15, noise=0.0) for seed in range(5)]


@pytest.mark.soak
@pytest.mark.parametrize("metric", METRICS[:2])
def test_bayesian_search_finds_more_than_random_search(metric):
    found = compare(read_table(), metric, runs=15, seeds=50)
    assert statistics.median(found["bayes"]) > statistics.median(found["random"])
