import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import f1_score

from eval.edge_cases import edge_case, frames_found, frames_missed, rank
from eval.failures import NAMED, Rule, failure_rows, failure_table
from eval.metrics import confusion_matrix
from eval.objects import COUNTS

NAMES = ["road", "car", "person", "sign"]
PRIORITY = [1, 2, 3]
VOID = 255


def record(pred, target, **rule):
    return judged(pred, target, **rule)[0]


def judged(pred, target, **rule):
    pred, target = np.asarray(pred, dtype=np.uint8), np.asarray(target, dtype=np.uint8)
    counts = confusion_matrix(torch.from_numpy(pred), torch.from_numpy(target), len(NAMES))
    return edge_case(counts, pred, target, Rule(NAMES, PRIORITY, **rule))


def scene():
    """10x10: a car of 4x4 and a person of 1x3 on a road, one void corner."""
    target = np.zeros((10, 10), dtype=np.uint8)
    target[2:6, 2:6] = 1
    target[7:10, 8] = 2
    target[0, 0] = VOID
    return target


def test_a_perfect_frame():
    target = scene()
    row = record(np.where(target == VOID, 3, target), target)
    assert row | {"dice/sign": None} == row | {
        "flagged": False,
        "why": "",
        "priority_score": 1,
        "missed": "",
        "missed_area": 0,
        "false_area": 0,
        "hallucinated": "",
        "present": "car, person",
        "dice/road": 1,
        "dice/car": 1,
        "dice/person": 1,
        "dice/sign": None,
        "objects/car": 1,
        "found/car": 1,
        "objects/person": 1,
        "found/person": 1,
        "objects/sign": 0,
        "found/sign": 0,
        "matched/car": 1,
        "matched/person": 1,
        "false_alarms/sign": 0,
    }
    assert math.isnan(row["dice/sign"])  # predicted in void alone: absent from both


def test_a_missed_person_is_flagged_and_said():
    target = scene()
    pred = np.where((target == VOID) | (target == 2), 0, target)
    row = record(pred, target)
    assert row["flagged"] is True
    assert row["missed"] == row["worst_class"] == "person"
    assert row["why"] == "person of 3 px at (8, 8) missed (0 % found)"
    assert row["missed_area"] == 0.03
    assert row["priority_score"] == 0.5  # of car 1 and person 0
    assert [row[f"{key}/person"] for key in ("objects", "found", "matched")] == [1, 0, 0]


def test_a_false_object_flags_a_frame_also_where_its_class_is_present():
    target = scene()
    pred = np.where(target == VOID, 0, target)
    pred[6, :3] = 3
    pred[0, 4:8] = 2  # beside a person that is found
    row = record(pred, target)
    assert row["flagged"] is True
    assert row["hallucinated"] == "person, sign"
    assert row["why"] == "person of 4 px at (6, 0) false (0 % true); sign of 3 px at (1, 6) false (0 % true)"
    assert (row["missed"], row["missed_area"], row["false_area"]) == ("", 0, pytest.approx(0.05))
    assert row["dice/sign"] == 0
    assert row["priority_score"] == pytest.approx((1 + 6 / 10) / 2)  # Dice over the classes present


def test_a_missed_object_flags_a_frame_whose_class_is_found():
    """A third person of many: the class's Dice is high."""
    target = np.zeros((40, 40), np.uint8)
    target[:10, :20] = target[30:32, 30:32] = 2
    pred = target.copy()
    pred[30:32, 30:32] = 1
    row = record(pred, target)
    assert row["dice/person"] > 0.9
    assert (row["flagged"], row["missed"], row["hallucinated"]) == (True, "person", "car")


def test_crumbs_flag_nothing():
    target, pred = np.zeros((2, 100, 100), np.uint8)
    target[0, :5] = pred[50, :5] = 2
    row = record(pred, target)
    assert (row["flagged"], row["missed"], row["hallucinated"], row["present"]) == (False, "", "", "person")
    target[0, :6] = 2
    assert record(pred, target)["missed"] == "person"
    assert record(pred, target, object_area=7e-4)["missed"] == ""


def test_threshold_is_exclusive():
    target = np.array([[1, 1, 1, 1, 0, 0]])
    pred = np.array([[1, 1, 0, 0, 0, 0]])
    assert record(pred, target, threshold=0.5)["flagged"] is False
    assert record(pred, target, threshold=0.51)["flagged"] is True
    assert record(np.zeros_like(pred), target, threshold=0)["flagged"] is False


def test_the_largest_failures_are_named_by_what_they_weigh():
    target = np.zeros((20, 20), np.uint8)
    target[::2, :4] = 1
    target[19, 8:11] = 2
    empty = np.zeros_like(target)
    assert record(empty, target)["why"].endswith(f"; {11 - NAMED} more")
    assert record(empty, target)["why"].startswith("car of 4 px at (2, 0) missed")
    severe = [1.0, 1.0, 2.0, 1.0]
    assert record(empty, target, severity=severe)["why"].startswith("person of 3 px at (9, 19) missed")


def test_one_large_object_counts_for_more_than_small_ones_of_its_area():
    target, pred = np.zeros((2, 10, 10), np.uint8)
    target[0, :4] = target[2, :3] = 1
    assert record(pred, target)["missed_area"] == pytest.approx(0.05)
    assert record(pred, target, severity=[1, 2, 1, 1])["missed_area"] == pytest.approx(0.1)


def test_failures_say_what_was_there_instead():
    target, pred = np.zeros((2, 10, 10), np.uint8)
    target[2:4, 2:6] = 2
    pred[2:4, 2:5], pred[2:4, 5] = 1, 3  # the person is taken for a car and, less of it, a sign
    failures = judged(pred, target)[1]
    rows = failure_rows(failures, pred, target, Rule(NAMES, PRIORITY, severity=(1, 1, 5, 1)))
    table = failure_table([{"position": 7, "name": "a", "sequence": "s"} | row for row in rows])
    assert table.index.tolist() == [7, 7, 7]
    assert table[["kind", "class", "instead", "pixels", "weight"]].to_numpy().tolist() == [
        ["missed", "person", "car", 8, 40],
        ["false", "car", "person", 6, 6],
        ["false", "sign", "person", 2, 2],
    ]
    assert table.iloc[0][["x", "y", "width", "height"]].tolist() == [2, 2, 4, 2]
    assert failure_table([]).empty


def test_frame_without_priority_class_has_no_score():
    target = np.zeros((4, 4))
    row = record(target, target)
    assert math.isnan(row["priority_score"])
    assert (row["present"], row["flagged"], row["worst_class"]) == ("", False, "road")


def test_all_void():
    row = record(np.ones((4, 4)), np.full((4, 4), VOID))
    assert (row["flagged"], row["present"], row["hallucinated"], row["worst_class"]) == (False, "", "", "")
    assert all(math.isnan(row[f"dice/{name}"]) for name in NAMES)


@settings(max_examples=60)
@given(
    hnp.arrays(np.uint8, (6, 7), elements=st.sampled_from([0, 1, 2, 3, VOID])),
    hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 3)),
    st.floats(0, 1),
)
def test_properties(target, pred, threshold):
    row = record(pred, target, threshold=threshold)
    keep = target != VOID
    assume(keep.any())  # all void has its own test
    expected = f1_score(target[keep], pred[keep], labels=range(4), average=None, zero_division=np.nan)
    np.testing.assert_allclose([row[f"dice/{name}"] for name in NAMES], expected)
    present = [name for index, name in enumerate(NAMES) if index in target and index in PRIORITY]
    assert row["present"] == ", ".join(present)
    missed = [name for name in NAMES[1:] if row[f"found/{name}"] < row[f"objects/{name}"]]
    assert row["missed"] == ", ".join(missed)
    assert row["flagged"] == bool(row["missed"] or row["hallucinated"])
    assert (row["missed_area"] > 0) == bool(missed)
    for name in NAMES[1:]:
        assert 0 <= row[f"matched/{name}"] <= row[f"objects/{name}"]
        for key in ("objects", "found", "matched", "false_alarms"):
            assert row[f"{key}/{name}"] == sum(row[f"{key}/{name}/{size}"] for size in ("small", "medium", "large"))


def frames():
    """Found, missed twice, and without a priority class, out of order."""
    target = scene()
    perfect = np.where(target == VOID, 0, target)
    no_person = np.where(perfect == 2, 0, perfect)
    road = np.zeros_like(target)
    pairs = {"empty": (road, road), "one": (no_person, target), "all": (road, target), "good": (perfect, target)}
    return [{"name": name, **record(*pair)} for name, pair in pairs.items()]


def test_ranking_and_views():
    table = rank(frames())
    assert table["name"].tolist() == ["all", "one", "good", "empty"]
    assert table.index.tolist() == [2, 1, 3, 0]
    assert frames_missed(table)["name"].tolist() == ["all", "one"]
    assert frames_found(table)["name"].tolist() == ["good"]
    assert table["flagged"].tolist() == [True, True, False, False]


def test_frames_lie_by_missed_then_false_area_then_score():
    rows: list[dict[str, object]] = [
        {"name": name, "missed_area": missed, "false_area": false, "priority_score": score}
        for name, missed, false, score in (
            ("good", 0, 0, 0.9),
            ("none", 0, 0, math.nan),
            ("poor", 0, 0, 0.2),
            ("false", 0, 0.5, 0.8),
            ("little", 0.1, 0.9, 0.1),
            ("much", 0.2, 0, 0.9),
        )
    ]
    assert rank(rows)["name"].tolist() == ["much", "little", "false", "poor", "good", "none"]


def test_columns_are_those_of_the_contract():
    table = rank(frames())
    head = ["name", "flagged", "why", "missed_area", "false_area"]
    head += ["priority_score", "worst_class", "missed", "hallucinated", "present"]
    assert list(table.columns[:10]) == head
    assert list(table.columns[10:14]) == [f"dice/{name}" for name in NAMES]
    assert {f"{key}/{name}" for key in COUNTS for name in NAMES[1:]} <= set(table.columns)
    assert isinstance(table, pd.DataFrame)
