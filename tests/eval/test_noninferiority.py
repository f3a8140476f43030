import math

import pytest

from benchmarks.gate import LOSER, PRIORITY, draw
from eval.evidence import Estimate, Spread
from eval.figures import Figure, paired_figures
from eval.noninferiority import (
    ABSENT,
    AS_GOOD,
    BETTER,
    OPEN,
    UNCLEAR,
    WORSE,
    Margins,
    decision,
    judge,
    latency_change,
    latency_tried,
)
from eval.writers.table import change_table

MARGINS = Margins(classes=0.05, means=0.02, confidence=0.95)


def figure(key, change, error=0.01, freedom=9.0):
    return Figure(key, 0.8, 0.8 + change, Estimate(change, error, freedom), 100)


def judged(*figures, **options):
    return {change.key: change for change in judge(figures, ["Car", "Tram"], MARGINS, **options)}


@pytest.mark.parametrize(
    ("key", "change", "error", "answer"),
    [
        ("dice/Car", 0.03, 0.01, BETTER),
        ("dice/Car", -0.02, 0.01, AS_GOOD),  # down to -0.043
        ("dice/Car", -0.03, 0.01, OPEN),  # down to -0.053
        ("dice/Car", -0.04, 0.004, AS_GOOD),  # a sure fall within the margin
        ("dice/Car", -0.06, 0.01, WORSE),
        ("dice/Car", -0.06, 0.05, OPEN),
        ("dice/Car", 0.06, 0.06, OPEN),
        ("object_f1/Car", -0.06, 0.01, WORSE),
        ("miou", -0.01, 0.002, AS_GOOD),
        ("miou", -0.03, 0.003, WORSE),
        ("miou", -0.015, 0.01, OPEN),
        ("dice/Road", -0.06, 0.01, AS_GOOD),  # no priority: twice the margin
        ("dice/Road", -0.06, 0.05, UNCLEAR),
        ("dice/Road", -0.11, 0.1, OPEN),
        ("object_f1/Car", -0.02, 0.1, UNCLEAR),  # one class has few objects
        ("object_f1/Car", -0.06, 0.1, OPEN),
        ("object_f1/all", -0.02, 0.1, OPEN),
        ("dice/Road", -0.15, 0.01, WORSE),
        ("dice/Car", math.nan, math.nan, ABSENT),
        ("dice/Car", 0.5, math.nan, OPEN),
    ],
)
def test_answers(key, change, error, answer):
    found = judged(figure(key, change, error))[key]
    assert found.answer == answer
    assert (not math.isnan(found.frames)) == (answer in (OPEN, UNCLEAR))
    assert math.isnan(found.low) == (answer == ABSENT)


def test_the_interval_and_the_frames_that_would_do():
    found = judged(figure("dice/Car", -0.03, 0.05, 4))["dice/Car"]
    assert (found.low, found.high) == pytest.approx((-0.03 - 2.776 * 0.05, -0.03 + 2.776 * 0.05), abs=1e-3)
    assert 100 * (2 * 0.05 / 0.02) ** 2 <= found.frames <= 100 * (2.2 * 0.05 / 0.02) ** 2
    assert judged(figure("dice/Car", 0.5, math.nan))["dice/Car"].frames == math.inf


def test_one_fall_of_many_figures_may_be_chance():
    """With 9 degrees of freedom a t of -2.5 has p = 0.017: a fall where it is the only figure, none among ten."""
    alone = figure("dice/Car", -0.1, 0.04)
    assert judged(alone)["dice/Car"].answer == WORSE
    others = [figure(f"dice/other{number}", 0.0) for number in range(9)]
    assert judged(alone, *others)["dice/Car"].answer == OPEN
    assert judged(figure("dice/Car", -0.1, 0.01), *others)["dice/Car"].answer == WORSE


def test_two_seeds_of_one_recipe_do_not_refuse_each_other():
    """They differ by 0.12, surely; the variance of a change is twice that of the two seeds."""
    change = figure("dice/Car", -0.12, 0.01)
    assert judged(change)["dice/Car"].answer == WORSE
    spread = {"dice/Car": Spread(0.12**2, 1)}
    widened = judged(change, spread=spread)["dice/Car"]
    assert (widened.answer, widened.frames) == (OPEN, math.inf)


def test_the_answer_to_all():
    changes = judged(figure("dice/Car", 0.1), figure("miou", 0.0, 0.02), figure("dice/Tram", -0.2))
    assert decision(changes.values()) == WORSE
    assert decision([changes["miou"], changes["dice/Car"]]) == OPEN
    assert decision([changes["dice/Car"]]) == AS_GOOD
    assert decision(judged(figure("dice/Road", -0.06, 0.05)).values()) == AS_GOOD  # unclear, and no priority


def simulated(trials, lower=0.0):
    """Decisions about, and changes of, pairs of models on 101 frames with a correlation time of 8."""
    return [judge(paired_figures(*draw(seed, 101, 1, 8, lower), PRIORITY), PRIORITY, MARGINS) for seed in range(trials)]


def test_equal_models_are_not_worse_and_a_loss_does_not_pass():
    """The whole of it, with more trials and other correlation times, is `benchmarks.gate`."""
    equal = simulated(40)
    assert sum(decision(changes) == WORSE for changes in equal) <= 4
    known = [change for changes in equal for change in changes if change.answer != ABSENT]
    assert sum(change.low <= 0 <= change.high for change in known) >= 0.9 * len(known)
    lost = [change for changes in simulated(40, lower=0.42) for change in changes if change.key == f"dice/{LOSER}"]
    assert sum(change.answer in (WORSE, OPEN) for change in lost) >= 0.95 * len(lost)


def test_latency_is_judged_by_the_median_of_the_turns():
    """Before, the fastest turn of each decided: the second model's were 10 and 13."""
    busy = latency_change([10, 20, 30, 20, 10], [13, 21, 33, 22, 14], limit=0.2)
    assert busy.answer == AS_GOOD  # in the median turn it took 1.1 times as long
    assert (busy.before, busy.after, busy.low, busy.high, busy.margin) == (20, 21, 1, 4, 4)
    assert latency_change([10, 10, 10], [12.1, 12.1, 9], limit=0.2).answer == WORSE
    assert latency_change([10, 10, 10], [8, 9, 9.9], limit=0.2).answer == BETTER


@pytest.mark.parametrize(
    ("tries", "answer", "taken"), [((9,), BETTER, 1), ((13, 13, 11), AS_GOOD, 3), ((13, 13, 13, 9), WORSE, 3)]
)
def test_a_slow_try_is_no_proof(tries, answer, taken):
    left = list(tries)
    assert latency_tried(lambda: ([10], [left.pop(0)]), limit=0.2).answer == answer
    assert len(tries) - len(left) == taken


def test_the_table_reads():
    changes = [
        *judged(figure("dice/Car", -0.12), figure("dice/Tram", math.nan), figure("miou", 0.1, math.nan)).values(),
        latency_change([54.32], [60], 0.2),
    ]
    head, *lines = change_table(changes).splitlines()
    assert head.split() == ["candidate", "production", "difference", "interval", "margin", "answer"]
    assert lines[0].split() == ["dice/Car", "0.680", "0.800", "-0.120", "[-0.143,", "-0.097]", "0.050", "worse"]
    assert lines[1].split()[-2:] == ["0.050", "absent"]
    assert lines[2].split() == ["miou", "0.900", "0.800", "0.100", "–", "0.020", "not", "enough", "data"]
    assert lines[3].split() == ["latency_ms", "60.0", "54.3", "5.7", "[5.7,", "5.7]", "10.9", "as", "good"]
    column = head.index("answer")
    assert [line[column:] for line in lines] == [change.answer for change in changes]
    assert not [line for line in lines if "nan" in line or "inf" in line]
