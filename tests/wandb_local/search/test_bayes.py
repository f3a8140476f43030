"""Bayesian search learns, spreads parallel runs and stands whatever metrics runs report."""

import math
import statistics

import pytest

from tests.wandb_local.search.strategies import suggested
from wandb_local.search import Search, Trial
from wandb_local.search.canonical import canonical
from wandb_local.search.outcomes import outcomes

LR = {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1}


def sweep(parameters, method="bayes", goal="maximize", **metric):
    return {"method": method, "metric": {"name": "m", "goal": goal, **metric}, "parameters": parameters}


def climb(config, seed, score, runs=15):
    search = Search(config, seed)
    trials: list[Trial] = []
    for _ in range(runs):
        args = suggested(search, trials)
        value = score(args)
        trials.append(Trial(args, "failed" if value is None else "finished", value))
    return [trial.metric for trial in trials if trial.metric is not None]


def hill(args):
    """Peak of 1 at lr 1e-3 with net "b"; above 1e-2 the training fails."""
    if args["lr"] > 1e-2:
        return None
    return math.exp(-((math.log10(args["lr"]) + 3) ** 2)) - 0.3 * (args["net"] != "b")


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_it_beats_random_search_after_15_runs(goal):
    sign = 1 if goal == "maximize" else -1
    space = {"lr": LR, "net": {"values": list("abcdef")}, "noise": {"min": 0.0, "max": 1.0}}

    def median(method):
        def scored(args):
            value = hill(args)
            return None if value is None else sign * value

        return statistics.median(
            max(sign * value for value in climb(sweep(space, method, goal), seed, scored)) for seed in range(9)
        )

    assert median("bayes") > median("random") + 0.1
    assert median("bayes") > 0.9


def test_parallel_runs_are_spread():
    """Twelve suggestions asked for at once, none of them finished: all different, and not on one spot."""
    space = {"lr": {"min": 0.0, "max": 1.0}, "net": {"values": ["a", "b"]}}
    search = Search(sweep(space), 0)
    trials = [Trial({"lr": k / 10, "net": "a"}, "finished", 1 - (k / 10 - 0.5) ** 2) for k in range(11)]
    for _ in range(12):
        trials.append(Trial(suggested(search, trials), "running"))
    handed = [trial.args for trial in trials[11:]]
    assert len({canonical(args) for args in handed}) == 12
    assert {args["net"] for args in handed} == {"a", "b"}
    rates = sorted(args["lr"] for args in handed)
    assert rates[-1] - rates[0] > 0.2


def test_every_point_of_a_small_space_comes_before_any_comes_twice():
    space = {"a": {"values": [1, 2, 3]}, "b": {"values": ["x", "y"]}, "c": {"min": 1, "max": 2}}
    search = Search(sweep(space), 1)
    trials: list[Trial] = []
    for n in range(14):
        args = suggested(search, trials)
        trials.append(Trial(args, "running" if n % 3 == 0 else "finished", float(args["a"])))
    assert len({canonical(trial.args) for trial in trials[:12]}) == 12


@pytest.mark.parametrize("seed", range(5))
def test_the_first_four_runs_fill_every_quarter_of_every_parameter(seed):
    """The property of a scrambled Sobol sequence: not corners, and not chance."""
    search = Search(sweep({name: {"min": 0.0, "max": 1.0} for name in "abc"}), seed)
    trials: list[Trial] = []
    for _ in range(4):
        trials.append(Trial(suggested(search, trials), "running"))
    for name in "abc":
        assert sorted(int(4 * trial.args[name]) for trial in trials) == [0, 1, 2, 3]


def test_the_first_runs_follow_the_odds_of_a_choice():
    space = {"x": {"values": ["often", "rare"], "probabilities": [0.95, 0.05]}, "y": {"min": 0.0, "max": 1.0}}
    trials: list[Trial] = []
    rare = 0
    for seed in range(30):
        trials = []
        for _ in range(4):
            trials.append(Trial(suggested(Search(sweep(space), seed), trials), "running"))
        rare += sum(trial.args["x"] == "rare" for trial in trials)
    assert 1 <= rare <= 12  # of 120, 6 are expected


@pytest.mark.parametrize(
    ("spec", "deviations"),
    [
        ({"distribution": "normal", "mu": 1.0, "sigma": 2.0}, lambda value: (value - 1) / 2),
        ({"distribution": "log_normal", "mu": -7.0, "sigma": 1.5}, lambda value: (math.log(value) + 7) / 1.5),
        ({"distribution": "q_normal", "mu": 0.0, "sigma": 5.0, "q": 0.01}, lambda value: value / 5),
    ],
)
def test_a_parameter_without_bounds_stays_where_its_mass_is(spec, deviations):
    """The score rises for ever: the search goes to the end of the codes, which is 3.1 deviations away, not 8.2."""
    found = [
        value for seed in range(3) for value in climb(sweep({"x": spec}), seed, lambda args: deviations(args["x"]))
    ]
    assert 2 < max(found) < 3.2


def test_a_sweep_that_an_older_version_began_goes_on():
    """Its runs lie anywhere: in corners, at values that a model no longer proposes, of any number."""
    space = {"x": {"mu": 0.0, "sigma": 1.0}, "c": {"values": ["a", "b"], "probabilities": [0.9, 0.1]}}
    search = Search(sweep(space), 3)
    begun = [Trial({"x": x, "c": "b"}, "finished", -abs(x)) for x in (8.2, -8.2, 8.1, -6.0, 5.5)]
    for count in range(len(begun) + 1):
        assert abs(suggested(search, begun[:count])["x"]) < 3.2


def test_a_value_without_probability_never_comes():
    space = {"x": {"values": [1, 2, 3], "probabilities": [0.5, 0.5, 0]}, "y": {"min": 0.0, "max": 1.0}}
    search = Search(sweep(space), 1)
    trials: list[Trial] = []
    for _ in range(20):
        args = suggested(search, trials)
        trials.append(Trial(args, "finished", float(args["x"])))
    assert {trial.args["x"] for trial in trials} == {1, 2}


@pytest.mark.parametrize("value", [None, math.nan, math.inf, 1e308, -1e308, 0.0])
@pytest.mark.parametrize("state", ["finished", "failed"])
def test_strange_metrics_do_no_harm(value, state):
    search = Search(sweep({"lr": LR}), 0)
    trials = [Trial({"lr": 10**-k}, state, value) for k in (2, 3, 4)] + [Trial({"lr": 2e-4}, "finished", 0.5)]
    assert 1e-5 <= suggested(search, trials)["lr"] <= 1e-1
    assert 1e-5 <= suggested(search, trials[:3])["lr"] <= 1e-1


def test_runs_that_this_sweep_did_not_make_are_left_out():
    search = Search(sweep({"lr": LR, "net": {"values": ["a", "b"]}}), 0)
    own = [Trial({"lr": 10**-k, "net": "a"}, "finished", -abs(k - 3)) for k in (1.5, 2, 2.5, 3.5, 4)]
    foreign = [Trial({"lr": 5.0, "net": "a"}, "finished", 9.0), Trial({"lr": 1e-3, "net": "z"}, "finished", 9.0)]
    args = suggested(search, [*foreign, Trial({"epochs": 3}, "finished", 9.0), *own])
    assert args["lr"] <= 1e-1
    assert args["net"] in ("a", "b")


MIXED = [
    Trial({}, "finished", 3.0, [9.0, 2.0, 3.0]),
    Trial({}, "finished", None, [math.nan]),
    Trial({}, "failed", None, [8.0, 1.0, 4.0]),
    Trial({}, "crashed"),
    Trial({}, "killed", None, [7.0, 5.0, 6.0]),
    Trial({}, "running", None, [2.5, 9.0]),
    Trial({}, "pending"),
]


@pytest.mark.parametrize(
    ("goal", "metric", "expected"),
    [
        ("minimize", {}, [-2, -5, -5, -5, -5, None, None]),  # best values: 2, 1, 5, 2.5; the worst of them is 5
        ("maximize", {}, [9, 7, 7, 7, 7, None, None]),  # best values: 9, 8, 7, 9
        ("minimize", {"impute": "best"}, [-2, -5, -1, -5, -5, None, None]),
        ("minimize", {"impute": "latest"}, [-2, -5, -4, -5, -6, None, None]),
        ("minimize", {"impute": "worst", "impute_while_running": "latest"}, [-2, -5, -5, -5, -5, -9, None]),
        ("maximize", {"impute_while_running": "best"}, [9, 7, 7, 7, 7, 9, None]),
    ],
)
def test_what_a_run_teaches(goal, metric, expected):
    assert outcomes(MIXED, {"name": "m", "goal": goal, **metric}) == expected


def test_nothing_is_learnt_while_no_run_has_reported():
    silent = [Trial({}, "failed"), Trial({}, "finished", math.nan)]
    assert outcomes(silent, {"name": "m", "goal": "minimize"}) == [None, None]
