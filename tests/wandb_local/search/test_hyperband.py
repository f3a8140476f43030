"""Hyperband against hand tables of W&B's rule."""

import math
from typing import Any

import pytest

from wandb_local.search import Trial, stop_early
from wandb_local.search.hyperband import brackets
from wandb_local.search.trial import State

BASE: dict[str, Any] = {"method": "random", "parameters": {"p": {"min": 0.0, "max": 1.0}}}


def config(goal: str = "minimize", **rule: Any) -> dict[str, Any]:
    return BASE | {"metric": {"name": "m", "goal": goal}, "early_terminate": {"type": "hyperband", **rule}}


def trials(states: str, *histories: list[float]) -> list[Trial]:
    names: dict[str, State] = {"r": "running", "f": "finished", "p": "pending", "k": "killed"}
    return [Trial({}, names[state], None, history) for state, history in zip(states, histories, strict=True)]


@pytest.mark.parametrize(
    ("rule", "longest", "expected"),
    [
        ({"min_iter": 3, "eta": 3}, 100, [3, 9, 27, 81]),
        ({"min_iter": 3, "eta": 3}, 8, [3]),
        ({"min_iter": 3, "eta": 3}, 2, []),
        ({"min_iter": 1, "eta": 1.5}, 8, [1, 2, 3, 5, 7]),  # 1, 1.5, 2.25, 3.375, 5.06, 7.59
        ({"min_iter": 2, "max_iter": 20, "eta": 2}, 1000, [2, 4, 8, 16]),
        ({"max_iter": 81, "s": 3, "eta": 3}, 100, [3, 9, 27]),
        ({"max_iter": 18, "s": 2, "eta": 3}, 100, [2, 6]),
        ({"max_iter": 5, "s": 2, "eta": 2}, 100, [1, 2]),
        ({"max_iter": 5, "s": 9, "eta": 2}, 100, [1, 2]),
        ({"max_iter": 81, "s": 3, "min_iter": 5, "eta": 3}, 100, [3, 9, 27]),
        ({"min_iter": 1, "eta": 1e300}, 1000, [1]),
    ],
)
def test_brackets(rule, longest, expected):
    assert brackets(rule, longest) == expected


def test_five_runs_two_brackets():
    """Brackets 1 and 2; at 2 the values are 9 10 8 7 6, so the best half ends at 8: only the 10 is worse."""
    runs = trials("frrrf", [10, 9], [10, 10], [10, 8, 8], [10, 7, 7], [10, 6, 6])
    assert stop_early(config(max_iter=5, eta=2, s=2), runs) == {1}


def test_each_run_is_judged_at_the_last_bracket_it_passed():
    """At 1: 10 11 10 10 10, threshold 10. At 2: 8 7 6, threshold 7. Run 1 fails the first, run 2 the second."""
    runs = trials("frrrf", [10], [11], [10, 8, 8], [10, 7, 7], [10, 6, 6])
    assert stop_early(config(max_iter=5, eta=2, s=2), runs) == {1, 2}


@pytest.mark.parametrize(("goal", "sign"), [("minimize", 1), ("maximize", -1)])
def test_eta_of_three_in_both_directions(goal, sign):
    """Brackets 1 and 3. At 1: 9 11 10 10 10, int(5/3) = 1: threshold 10. At 3: 3 4 6, int(3/3) = 1: threshold 4."""
    histories = [[9, 8], [11, 11], [10, 8, 3], [10, 7, 4], [10, 6, 6]]
    runs = trials("frrrr", *[[sign * value for value in history] for history in histories])
    assert stop_early(config(goal, max_iter=9, eta=3, s=2), runs) == {1, 4}


def test_strict_judges_the_value_at_the_bracket():
    """Bracket 2, values 5 9 5 5, threshold 5. The second run was at 9 there and is at 1 now."""
    runs = trials("rrrr", [5, 5], [9, 9, 1], [5, 5], [5, 5])
    assert stop_early(config(min_iter=2, eta=2), runs) == set()
    assert stop_early(config(min_iter=2, eta=2, strict=True), runs) == {1}
    early = trials("rrrr", [5, 5], [1, 9], [5, 5], [5, 5])
    assert stop_early(config(min_iter=2, eta=2), early) == set()
    assert stop_early(config(min_iter=2, eta=2, strict=True), early) == {1}


def test_only_running_runs_are_stopped_but_all_set_the_threshold():
    runs = trials("fkpr", [1], [9], [9], [2])
    assert stop_early(config(min_iter=1, eta=4), runs) == set()  # values 1 2 9 9, int(4/4) = 1: threshold 2
    assert stop_early(config(min_iter=1, eta=4), [*runs, *trials("r", [3])]) == {4}


def test_values_that_are_not_finite_do_not_count_as_logged():
    runs = trials("rr", [math.nan, 5.0, math.inf], [1.0, 1.0])
    assert stop_early(config(min_iter=2, eta=2), runs) == set()
    assert stop_early(config(min_iter=1, eta=2), [*runs, *trials("f", [1.0])]) == {0}


def test_a_run_alone_is_never_stopped():
    runs = trials("r", [float(n) for n in range(50)])
    assert stop_early(config(min_iter=1, eta=3), runs) == set()
    assert stop_early(config(min_iter=1, eta=3, strict=True), runs) == set()


def test_nothing_is_stopped_without_the_rule():
    assert stop_early(BASE, trials("rr", [1], [9])) == set()
    assert stop_early(config(min_iter=1), []) == set()
