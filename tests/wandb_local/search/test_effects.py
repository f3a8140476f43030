"""Effects of parameters: planted ones are found with their shares, idle ones not, however the runs were chosen."""

import math

import numpy as np
import pytest

from wandb_local.search.effects import FEWEST, MOST, effects


def crowded(seed, runs=24):
    """A sweep that crowds around its best run, as a Bayesian one does: two parameters matter and three are idle."""
    draw = np.random.default_rng(seed)
    points: list[np.ndarray] = []
    scores: list[float] = []
    for number in range(runs):
        point = draw.random(5)
        if number >= 6:
            moved = points[int(np.argmax(scores))] + draw.normal(0, 0.04, 5)
            point = np.where(draw.random(5) < 0.97, np.clip(moved, 0, 1), point)
        points.append(point)
        scores.append(-((point[0] - 0.3) ** 2) - (point[1] - 0.8) ** 2 + draw.normal(0, 0.02))
    return np.array(points).T.tolist(), scores


def test_an_idle_parameter_of_a_crowded_sweep_seldom_stands_out():
    found = [[effect.stands_out for effect in effects(*crowded(seed))[0]] for seed in range(30)]
    assert np.mean([row[2:] for row in found]) <= 0.1
    assert np.mean([row[:2] for row in found]) > 0.2


def test_of_scores_that_are_chance_nothing_stands_out():
    found = []
    for seed in range(12):
        draw = np.random.default_rng(seed)
        values = [*draw.random((4, 30)).tolist(), draw.choice(["a", "b"], 30).tolist()]
        found += [effect.stands_out for effect in effects(values, draw.normal(size=30).tolist())[0]]
    assert np.mean(found) <= 0.1


def test_shares_are_those_of_the_variance():
    draw = np.random.default_rng(0)
    a, b, c = draw.random((3, 80))
    found, explained = effects([a.tolist(), b.tolist(), c.tolist()], (2 * a + b).tolist())
    assert [effect.share for effect in found] == pytest.approx([0.8, 0.2, 0.0], abs=0.04)
    assert [effect.stands_out for effect in found] == [True, True, False]
    assert explained > 0.98
    assert effects([a.tolist(), b.tolist(), c.tolist()], (2 * a + b).tolist()) == (found, explained)


def test_an_interaction_counts_for_both():
    draw = np.random.default_rng(1)
    a, b = draw.integers(2, size=(2, 60))
    named: list[list[str] | list[bool]] = [["x" if value else "y" for value in a], [bool(value) for value in b]]
    found, _ = effects(named, (a ^ b).tolist())
    assert [effect.share for effect in found] == pytest.approx([0.5, 0.5], abs=0.1)
    assert all(effect.stands_out for effect in found)


def test_wide_numbers_are_read_by_their_logarithm_and_missing_ones_stand_in_the_middle():
    rates = [10.0 ** -(number % 7) for number in range(28)]
    gaps = [None if number % 9 == 8 else value for number, value in enumerate(rates)]
    (effect,), explained = effects([gaps], [math.log(value) for value in rates])
    assert effect.stands_out
    assert explained > 0.5


@pytest.mark.parametrize("score", [1e300, -1e300, 1e6])
def test_one_disaster_hides_nothing(score):
    a = [number / 30 for number in range(30)]
    (effect,), explained = effects([a], [*a[:-1], score])
    assert effect.stands_out
    assert 0 < explained <= 1


@pytest.mark.parametrize("count", [FEWEST, 3 * MOST])
def test_any_number_of_runs_gives_finite_shares(count):
    """Of many, those that are looked at may all be the same."""
    scores = [float(number == 1) for number in range(count)]
    found, explained = effects([[*range(count)], [number % 2 == 0 for number in range(count)]], scores)
    assert all(0 <= effect.share <= 1 for effect in found)
    assert math.isfinite(explained)
