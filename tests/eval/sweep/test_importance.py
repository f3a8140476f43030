"""Importance on sweeps where it is known what mattered."""

import math
import random

import numpy as np
import pytest

from eval.sweep.importance import encode, importances
from tests.eval.sweep.made import drawn_sweep, run_of, sweep_of


@pytest.fixture(scope="module")
def found():
    return importances(drawn_sweep(40))


def test_what_decides_the_score_stands_out(found):
    assert [row.parameter for row in found.rows[:2]] == ["backbone", "lr"]
    assert {row.parameter: row.stands_out for row in found.rows if row.value > 0.05} == {"backbone": True, "lr": True}
    assert sum(row.value for row in found.rows) == pytest.approx(1)
    assert found.explained > 0.8


def test_signs_are_those_of_the_effects(found):
    rows = {row.parameter: row for row in found.rows}
    assert rows["lr"].correlation > 0.3
    assert rows["backbone"].correlation is None
    assert rows["backbone"].by_choice["efficientnet_lite0"] > 0.5 > -0.5 > rows["backbone"].by_choice["mobilenetv3"]


def test_nothing_explains_noise():
    assert importances(drawn_sweep(30, effect=0.0)).explained < 0.1


def test_nothing_stands_out_where_nothing_is_explained():
    """One parameter, which beats its shuffled copies by its luck in these twelve runs."""
    draw = random.Random(5)
    found = importances(sweep_of(*(run_of(i, draw.random(), lr=draw.random()) for i in range(12)), parameters=("lr",)))
    assert found.explained < 0
    assert [row.stands_out for row in found.rows] == [False]


def test_the_answer_is_the_same_every_time():
    assert importances(drawn_sweep(12)) == importances(drawn_sweep(12))


@pytest.mark.parametrize(
    "sweep", [drawn_sweep(4), sweep_of(*(run_of(i, 0.5, lr=i) for i in range(9)), parameters=("lr",))]
)
def test_too_few_runs_or_equal_scores_give_no_importance(sweep):
    found = importances(sweep)
    assert found.rows == ()
    assert math.isnan(found.explained)


def test_wide_numbers_are_read_by_their_logarithm_and_choices_become_columns():
    wide, narrow = encode([0.001, 0.01, 0.1]), encode([4, 8, 16])
    assert wide is not None
    assert narrow is not None
    assert wide.columns[:, 0] == pytest.approx([-3, -2, -1])
    assert narrow.columns[:, 0] == pytest.approx([4, 8, 16])
    choice = encode(["b", {"ce": 1.0}, "b"])
    assert choice is not None
    assert choice.choices == ("b", "ce 1")
    assert np.array_equal(choice.columns, [[1, 0], [0, 1], [1, 0]])
    assert encode([True, True]) is None
