"""What a sweep's record answers."""

import pytest

from eval.sweep.record import text_of
from tests.eval.sweep.made import run_of, sweep_of

RUNS = [
    run_of(0, 0.4, backbone="a", lr=0.1),
    run_of(1, 0.9, "killed", backbone="a", lr=0.2),
    run_of(2, 0.6, backbone="b", lr=0.3),
    run_of(3, None, "failed", backbone="b", lr=0.4),
    run_of(4, 0.5, "running", backbone="c", lr=0.5),
    run_of(5, 0.5, backbone="a", lr=0.6),
]


@pytest.mark.parametrize(("maximise", "order"), [(True, "250"), (False, "052")])
def test_finished_runs_are_ranked_by_the_goal(maximise, order):
    sweep = sweep_of(*RUNS, maximise=maximise)
    assert [run.id[1] for run in sweep.ranked()] == list(order)
    assert sweep.best("a").id == ("r5" if maximise else "r0")


def test_a_run_that_was_stopped_counts_as_judged_and_is_not_the_best():
    assert [run.id for run in sweep_of(*RUNS).judged()] == ["r0", "r1", "r2", "r5"]
    assert sweep_of(*RUNS).best().id == "r2"


def test_a_backbone_without_a_finished_run_is_named_with_those_that_have_one():
    with pytest.raises(
        ValueError, match=r"local/roads/abc: no finished run with backbone=c .*; finished runs have a, b"
    ):
        sweep_of(*RUNS).best("c")


def test_what_a_sweep_varies_is_taken_from_a_run():
    assert sweep_of(*RUNS).varied(RUNS[0]) == {"backbone": "a", "lr": 0.1}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00123456, "0.00123"),
        (8, "8"),
        (True, "True"),
        ("ce", "ce"),
        ({"ce": 1.0, "dice": 0.5}, "ce 1 + dice 0.5"),
        ({"dice": 0.5, "ce": 1.0}, "ce 1 + dice 0.5"),
        ("{ce: 1.0, dice: 0.5}", "ce 1 + dice 0.5"),
        ("{ce: 1.0", "{ce: 1.0"),
        ([1, 2], "[1, 2]"),
        ([{"b": 1, "a": 2}], '[{"a": 2, "b": 1}]'),
        (None, "None"),
    ],
)
def test_settings_as_text(value, text):
    assert text_of(value) == text
