"""Importance and correlation, against numpy's correlation, and on planted relations."""

import numpy as np
import pytest

from wandb_local.search.effects import FEWEST
from wandb_local.web.sweep.importance import encode, importances
from wandb_local.web.sweep.read import Parameter, SweepRun


def make_runs(count, score, seed=0, state="finished"):
    """Runs with a rate, an optimizer, a flag and noise; ``score`` makes the metric of these values."""
    draw = np.random.default_rng(seed)
    values = [
        {
            "lr": float(10 ** draw.uniform(-5, -1)),
            "net.optimizer": str(draw.choice(["adam", "sgd", "lion"])),
            "flag": bool(draw.integers(2)),
            "noise": float(draw.normal()),
        }
        for _ in range(count)
    ]
    return [SweepRun(f"r{n}", f"r{n}", state, given, float(score(given))) for n, given in enumerate(values)]


PARAMETERS = [Parameter("lr", log=True), Parameter("net.optimizer"), Parameter("flag"), Parameter("noise")]


def test_what_matters_comes_first_with_its_sign():
    found = importances(PARAMETERS, make_runs(80, lambda v: -np.log10(v["lr"]) + 2 * (v["net.optimizer"] == "lion")))
    assert [entry.name for entry in found[:2]] == ["lr", "net.optimizer"]
    assert sum(entry.importance for entry in found) == pytest.approx(1)
    assert {entry.name: entry.importance for entry in found}["noise"] < 0.1
    assert {entry.name for entry in found if entry.stands_out} == {"lr", "net.optimizer"}
    rate, optimizer = found[:2]
    assert rate.correlation < -0.6
    assert rate.value is None
    assert (optimizer.value, optimizer.correlation > 0.4) == ("lion", True)


def test_a_relation_that_is_not_monotonic_has_importance_without_correlation():
    runs = make_runs(200, lambda v: -(v["noise"] ** 2))
    top = importances(PARAMETERS, runs)[0]
    assert (top.name, top.importance > 0.8, abs(top.correlation) < 0.35) == ("noise", True, True)


def test_correlation_is_pearsons_over_the_scale_of_the_search():
    runs = make_runs(30, lambda v: v["lr"] + v["noise"])
    found = {entry.name: entry.correlation for entry in importances(PARAMETERS, runs)}
    metric = [run.metric for run in runs]
    rates = np.log([run.values["lr"] for run in runs])
    flags = [run.values["flag"] for run in runs]
    assert found["lr"] == pytest.approx(np.corrcoef(rates, metric)[0, 1])
    assert abs(found["flag"]) == pytest.approx(abs(np.corrcoef(flags, metric)[0, 1]))


def test_the_same_runs_give_the_same_numbers():
    runs = make_runs(40, lambda v: v["noise"])
    assert importances(PARAMETERS, runs) == importances(PARAMETERS, runs)


@pytest.mark.parametrize("state", ["running", "failed", "crashed"])
def test_runs_without_a_metric_and_those_that_did_not_end_well_do_not_count(state):
    runs = make_runs(20, lambda v: v["noise"])
    others = make_runs(20, lambda v: 100.0, seed=5, state=state)
    without = [SweepRun("x", "x", "failed", run.values, None) for run in runs]
    assert importances(PARAMETERS, [*runs, *others, *without]) == importances(PARAMETERS, runs)


@pytest.mark.parametrize(
    "runs",
    [[], make_runs(FEWEST - 1, lambda v: v["noise"]), make_runs(20, lambda v: 1.0)],
    ids=["none", "few", "constant metric"],
)
def test_nothing_is_said_where_nothing_is_known(runs):
    assert importances(PARAMETERS, runs) == []


def test_constant_parameters_are_left_out():
    runs = [SweepRun(f"r{n}", "", "finished", {"a": 1, "b": n}, float(n)) for n in range(9)]
    assert [entry.name for entry in importances([Parameter("a"), Parameter("b")], runs)] == ["b"]


def test_missing_values():
    numbers, names = encode(Parameter("a", log=True), [1.0, None, 100.0])
    np.testing.assert_allclose(numbers[:, 0], np.log([1.0, 10.0, 100.0]))
    assert names == []
    columns, names = encode(Parameter("a"), ["x", None, [1, 2]])
    assert names == ["[1, 2]", "none", "x"]
    assert columns.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_a_mapping_is_one_value_whatever_the_order_of_its_keys():
    assert encode(Parameter("a"), [{"ce": 1, "dice": 2}, {"dice": 2, "ce": 1}])[1] == ['{"ce": 1, "dice": 2}']
