"""Draws of random search against scipy's distributions, by W&B's definition of each."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.wandb_local.search.strategies import suggested
from wandb_local.search import Search, Trial
from wandb_local.search.families import FAMILIES, TAIL, build_distribution
from wandb_local.search.parameters import normalise_parameters

SWEEPS, RUNS = 40, 50
DRAWS = SWEEPS * RUNS


def draws(parameter: dict[str, Any], sweeps: int = SWEEPS) -> list[Any]:
    """What the first runs of some sweeps with different seeds get."""
    config = {"method": "random", "parameters": {"p": parameter}}
    places = [Trial({}, "finished")] * RUNS
    return [suggested(Search(config, seed), places[:n])["p"] for seed in range(sweeps) for n in range(RUNS)]


CONTINUOUS: dict[str, tuple[dict[str, Any], Any]] = {
    "uniform": ({"min": -2.0, "max": 3.0}, stats.uniform(-2, 5)),
    "log_uniform": ({"min": -9, "max": -1}, stats.loguniform(math.exp(-9), math.exp(-1))),
    "log_uniform_values": ({"min": 1e-5, "max": 1e-1}, stats.loguniform(1e-5, 1e-1)),
    "inv_log_uniform": ({"min": 1, "max": 9}, stats.loguniform(math.exp(-9), math.exp(-1))),
    "inv_log_uniform_values": ({"min": 1e-5, "max": 1e-1}, stats.loguniform(1e-5, 1e-1)),
    "normal": ({"mu": 3.0, "sigma": 2.0}, stats.norm(3, 2)),
    "log_normal": ({"mu": -1.0, "sigma": 0.5}, stats.lognorm(s=0.5, scale=math.exp(-1))),
    "beta": ({"a": 2.0, "b": 5.0}, stats.beta(2, 5)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_draws_follow_the_distribution(name):
    spec, reference = CONTINUOUS[name]
    values = draws({"distribution": name, **spec})
    assert stats.kstest(values, reference.cdf).pvalue > 0.01
    low, high = reference.support()
    assert all(low <= value <= high for value in values)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_codes_are_quantiles_between_the_tails(name):
    spec, reference = CONTINUOUS[name]
    distribution = build_distribution({"distribution": name, **spec})
    tail = 0.0 if "uniform" in name else TAIL
    quantiles = np.linspace(0.01, 0.99, 25)
    values = [distribution.ppf(u) for u in quantiles]
    np.testing.assert_allclose(values, reference.ppf(quantiles), rtol=1e-9)
    codes = [distribution.encode(value) or 0.0 for value in values]
    assert codes == pytest.approx((quantiles - tail) / (1 - 2 * tail), rel=1e-9)
    assert [distribution.decode(code) for code in codes] == pytest.approx(values, rel=1e-9)
    ends = [distribution.decode(0.0), distribution.decode(1.0)]
    np.testing.assert_allclose(ends, reference.ppf([tail, 1 - tail]), rtol=1e-9)


QUANTISED: dict[str, tuple[dict[str, Any], Any]] = {
    "q_uniform": ({"min": -2.0, "max": 3.0, "q": 0.5}, CONTINUOUS["uniform"][1]),
    "q_log_uniform": ({"min": 0.5, "max": 3, "q": 2}, stats.loguniform(math.exp(0.5), math.exp(3))),
    "q_log_uniform_values": ({"min": 8, "max": 100, "q": 16}, stats.loguniform(8, 100)),
    "q_normal": ({"mu": 3.0, "sigma": 2.0, "q": 1}, CONTINUOUS["normal"][1]),
    "q_log_normal": ({"mu": 1.0, "sigma": 0.5, "q": 0.25}, stats.lognorm(s=0.5, scale=math.exp(1))),
    "q_beta": ({"a": 2.0, "b": 5.0, "q": 0.1}, CONTINUOUS["beta"][1]),
}


@pytest.mark.parametrize("name", QUANTISED)
def test_quantised_draws_are_multiples_with_the_mass_around_them(name):
    spec, reference = QUANTISED[name]
    values = np.array(draws({"distribution": name, **spec}))
    q = spec["q"]
    np.testing.assert_allclose(values / q, np.round(values / q), atol=1e-9)
    low, high = reference.support()
    assert np.all((values >= low - 1e-12) & (values <= high + 1e-12))
    assert all(isinstance(value, int if isinstance(q, int) else float) for value in values.tolist())
    points, counts = np.unique(values, return_counts=True)
    inner = slice(1, -1)  # the outermost ones also hold what lies beyond them
    expected = DRAWS * (reference.cdf(points + q / 2) - reference.cdf(points - q / 2))
    spread = np.sqrt(expected * (1 - expected / DRAWS)) + 1
    assert np.all(np.abs(counts - expected)[inner] < 4 * spread[inner])


def test_quantised_values_stay_inside_the_bounds_and_carry_no_dust():
    batch = draws({"distribution": "q_log_uniform_values", "min": 8, "max": 100, "q": 32}, 6)
    assert set(batch) == {32, 64, 96}  # W&B's own rounding would hand out a batch size of 0
    fine = draws({"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.1}, 6)
    assert {str(value) for value in fine} == {str(k / 10) for k in range(11)}


def test_integers_are_uniform_with_both_ends():
    values = draws({"min": 3, "max": 7})
    assert all(type(value) is int for value in values)
    points, counts = np.unique(values, return_counts=True)
    assert points.tolist() == [3, 4, 5, 6, 7]
    assert stats.chisquare(counts).pvalue > 0.01


def test_choices_follow_their_probabilities_and_keep_their_types():
    options = ["a", 2, None, [1, 2], {"x": 1}, True]
    odds = [0.4, 0.3, 0.1, 0.1, 0.1, 0.0]
    values = [repr(value) for value in draws({"values": options, "probabilities": odds})]
    counts = [values.count(repr(option)) for option in options]
    assert counts[-1] == 0
    assert stats.chisquare(counts[:-1], [DRAWS * p for p in odds[:-1]]).pvalue > 0.01
    even = [repr(value) for value in draws({"values": options})]
    assert stats.chisquare([even.count(repr(option)) for option in options]).pvalue > 0.01


def test_constant_is_itself():
    assert draws({"value": {"a": [1]}}, 1) == [{"a": [1]}] * RUNS


def test_a_normal_without_deviation_is_its_mean():
    assert set(draws({"mu": 2.0, "sigma": 0.0}, 1)) == {2.0}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_distribution_is_finite_at_the_ends_of_the_unit_interval(name):
    spec = {"constant": {"value": 1}, "categorical": {"values": [1, 2]}}.get(name)
    if name == "categorical_w_probabilities":
        spec = {"values": [1, 2], "probabilities": [0.5, 0.5]}
    shape = {"min": 1, "max": 3} if "uniform" in name else {}
    full = normalise_parameters({"p": spec or {"distribution": name, **shape}}, "random")["p"]
    distribution = build_distribution(full)
    values = [distribution.ppf(u) for u in (0.0, 0.5, 1.0)]
    assert values == sorted(values)
    assert all(math.isfinite(value) for value in values)
    assert all(distribution.encode(value) is not None for value in values)
    assert distribution.encode("other") is None
