"""Grid search hands out each point once, in W&B's order."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wandb_local.search.strategies import listed, parameters, played
from wandb_local.search import Search, Trial
from wandb_local.search.canonical import canonical


def points(config_parameters, results=("finished",) * 100):
    search = Search({"method": "grid", "parameters": config_parameters}, 0)
    return [trial.args for trial in played(search, [(state, None) for state in results])]


def test_order_is_by_name_with_the_last_changing_fastest():
    found = points({"b": {"values": [1, 2]}, "a": {"values": ["x", "y"]}, "c": {"value": 0}})
    assert found == [{"a": a, "b": b, "c": 0} for a, b in itertools.product("xy", [1, 2])]


def test_integers_include_both_ends_and_steps_start_at_min_and_stay_below_max():
    assert [args["n"] for args in points({"n": {"min": 2, "max": 5}})] == [2, 3, 4, 5]
    steps = points({"n": {"distribution": "q_uniform", "min": 1, "max": 8, "q": 3}})
    assert [args["n"] for args in steps] == [1, 4, 7]
    fine = points({"n": {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.1}})
    assert [args["n"] for args in fine] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def test_equal_values_are_one_point_and_similar_ones_are_not():
    found = points({"x": {"values": [1, 1.0, True, "1", None, [1, 2], (1, 2), {"a": 1, "b": 2}, {"b": 2, "a": 1}]}})
    assert [args["x"] for args in found] == [1, True, "1", None, [1, 2], {"a": 1, "b": 2}]


def test_repeated_values_keep_the_place_of_the_first():
    assert [args["x"] for args in points({"x": {"values": [1, 2, 1]}})] == [1, 2]


def test_a_grid_of_constants_is_one_run():
    assert points({"x": {"value": 3}}) == [{"x": 3}]


def test_nested_points():
    found = points({"o": {"parameters": {"lr": {"values": [1, 2]}, "name": {"value": "sgd"}}}})
    assert found == [{"o": {"lr": 1, "name": "sgd"}}, {"o": {"lr": 2, "name": "sgd"}}]


def test_runs_of_other_sweeps_take_no_point():
    search = Search({"method": "grid", "parameters": {"x": {"values": [1, 2]}}}, 0)
    assert search.suggest([Trial({"y": 1}, "finished"), Trial({"x": 1.0, "y": 3}, "failed")]) == {"x": 2}


halves = st.sampled_from([1, 0.5])
starts = st.integers(-20, 20)
ranges = st.builds(lambda start, end: {"min": start, "max": start + end}, starts, st.integers(1, 2))
steps = st.builds(
    lambda start, q: {"distribution": "q_uniform", "min": start, "max": start + 1, "q": q}, starts, halves
)
few = st.one_of(listed.filter(lambda spec: "min" not in spec), ranges, steps)


@settings(max_examples=60)
@given(parameters(few, most=2), st.randoms(use_true_random=False))
def test_each_point_exactly_once_however_the_runs_interleave(space, generator):
    search = Search({"method": "grid", "parameters": space}, 0)
    states = ["pending", "running", "finished", "failed", "crashed", "killed"]
    trials: list[Trial] = []
    while (args := search.suggest(trials)) is not None:
        trials.append(Trial(args, "pending"))
        trials = [Trial(trial.args, generator.choice(states)) for trial in trials]
        generator.shuffle(trials)
    handed = [canonical(trial.args) for trial in trials]
    assert len(set(handed)) == len(handed)
    expected = 1
    for dimension in search.space.dimensions:
        expected *= len({canonical(value) for value in dimension.distribution.support or ()})
    assert len(handed) == expected
