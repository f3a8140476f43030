import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from sklearn.metrics import f1_score

from eval.edge_cases import (
    MIN_OBJECT_AREA,
    count_objects,
    edge_case,
    frames_found,
    frames_missed,
    object_recall,
    rank,
)
from eval.metrics import confusion_matrix

NAMES = ["road", "car", "person", "sign"]
PRIORITY = [1, 2, 3]
VOID = 255


def record(pred, target, threshold=0.5):
    pred, target = np.asarray(pred, dtype=np.uint8), np.asarray(target, dtype=np.uint8)
    counts = confusion_matrix(torch.from_numpy(pred), torch.from_numpy(target), len(NAMES))
    return edge_case(counts, pred, target, class_names=NAMES, priority=PRIORITY, threshold=threshold)


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
    }
    assert math.isnan(row["dice/sign"])  # predicted in void alone: absent from both


def test_a_missed_person_is_flagged_and_said():
    target = scene()
    pred = np.where((target == VOID) | (target == 2), 0, target)
    row = record(pred, target)
    assert row["flagged"] is True
    assert row["missed"] == row["worst_class"] == "person"
    assert row["why"] == "person missed (Dice 0.00, 3 px)"
    assert row["priority_score"] == 0.5  # of car 1 and person 0
    assert (row["objects/person"], row["found/person"]) == (1, 0)


def test_a_hallucination_is_said_but_no_edge_case():
    target = scene()
    pred = np.where(target == VOID, 0, target)
    pred[6, :3] = 3
    row = record(pred, target)
    assert row["hallucinated"] == "sign"
    assert row["why"] == "sign hallucinated (3 px)"
    assert row["flagged"] is False
    assert row["dice/sign"] == 0
    assert row["priority_score"] == 1  # over the classes present


def test_a_few_stray_pixels_are_no_hallucination():
    target = np.zeros((100, 100), dtype=np.uint8)
    for pixels, expected in ((10, ""), (11, "sign")):
        pred = target.copy()
        pred[0, :pixels] = 3
        assert record(pred, target)["hallucinated"] == expected


def test_threshold_is_exclusive():
    target = np.array([[1, 1, 0, 0]])
    pred = np.array([[1, 0, 1, 0]])  # Dice of the car: 2 / 4
    assert record(pred, target, threshold=0.5)["flagged"] is False
    assert record(pred, target, threshold=0.51)["flagged"] is True
    assert record(pred, target, threshold=0)["flagged"] is False


def test_frame_without_priority_class_has_no_score():
    target = np.zeros((4, 4))
    row = record(target, target)
    assert math.isnan(row["priority_score"])
    assert (row["present"], row["flagged"], row["worst_class"]) == ("", False, "road")


def test_all_void():
    row = record(np.ones((4, 4)), np.full((4, 4), VOID))
    assert (row["flagged"], row["present"], row["hallucinated"], row["worst_class"]) == (False, "", "", "")
    assert all(math.isnan(row[f"dice/{name}"]) for name in NAMES)


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(np.uint8, (6, 7), elements=st.sampled_from([0, 1, 2, 3, VOID])),
    hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 3)),
    st.floats(0, 1),
)
def test_properties(target, pred, threshold):
    row = record(pred, target, threshold)
    keep = target != VOID
    assume(keep.any())  # all void has its own test
    expected = f1_score(target[keep], pred[keep], labels=range(4), average=None, zero_division=np.nan)
    np.testing.assert_allclose([row[f"dice/{name}"] for name in NAMES], expected)
    present = [name for index, name in enumerate(NAMES) if index in target and index in PRIORITY]
    assert row["present"] == ", ".join(present)
    assert row["missed"] == ", ".join(name for name in present if row[f"dice/{name}"] < threshold)
    assert row["flagged"] == bool(row["missed"])
    for name in NAMES[1:]:
        assert 0 <= row[f"found/{name}"] <= row[f"objects/{name}"]
        for key in ("objects", "found"):
            assert row[f"{key}/{name}"] == sum(row[f"{key}/{name}/{size}"] for size in ("small", "medium", "large"))


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(np.uint8, (8, 9), elements=st.integers(0, 1)), hnp.arrays(np.uint8, (8, 9), elements=st.integers(0, 1))
)
def test_objects_are_counted_as_one_by_one(target, pred):
    labelled, count = ndimage.label(target, structure=np.ones((3, 3)))
    found = sum((pred[labelled == index] == 1).mean() >= 0.5 for index in range(1, count + 1))
    objects = count_objects(pred, target, 1)
    assert sum(objects.total.values()) == count
    assert sum(objects.found.values()) == found


def test_object_sizes_and_crumbs():
    """On 480x640, COCO's own limits: 32² and 96² pixels; a component under 31 pixels is a crumb."""
    target = np.zeros((480, 640), dtype=np.uint8)
    assert 30 / target.size < MIN_OBJECT_AREA < 31 / target.size
    target[0, :30] = 1  # crumb
    target[2, :31] = 1  # small
    target[10:42, 0:32] = 1  # small, 32² px
    target[10:42, 100:133] = 1  # medium
    target[50:146, 0:96] = 1  # medium, 96² px
    target[200:296, 0:97] = 1  # large
    assert count_objects(target, target, 1).total == {"small": 2, "medium": 2, "large": 1}
    half = target.copy()
    half[200:248] = 0  # half of the large one is still found
    half[50:99] = 0  # 49 of 96 rows of a medium one are gone
    assert count_objects(half, target, 1).found == {"small": 2, "medium": 1, "large": 1}


def test_diagonal_neighbours_are_one_object():
    assert count_objects(np.eye(4, dtype=np.uint8), np.eye(4, dtype=np.uint8), 1).total["large"] == 1


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


def test_edge_cases_stand_above_frames_of_a_lower_score():
    rows = [{"name": n, "flagged": f, "priority_score": s} for n, f, s in (("a", False, 0.55), ("b", True, 0.65))]
    assert rank(rows)["name"].tolist() == ["b", "a"]


def test_object_recall_over_the_split():
    recall = object_recall(rank(frames()), NAMES[1:])
    assert recall == pytest.approx(
        {
            "object_recall/car": 2 / 3,
            "object_recall/person": 1 / 3,
            "object_recall/sign": math.nan,
            "object_recall/small": math.nan,
            "object_recall/medium": 1 / 3,  # the persons: 3 % of the frame
            "object_recall/large": 2 / 3,
        },
        nan_ok=True,
    )


def test_columns_are_those_of_the_contract():
    table = rank(frames())
    head = ["name", "flagged", "why", "priority_score", "worst_class", "missed", "hallucinated", "present"]
    assert list(table.columns[:8]) == head
    assert list(table.columns[8:12]) == [f"dice/{name}" for name in NAMES]
    assert {f"{key}/{name}" for key in ("objects", "found") for name in NAMES[1:]} <= set(table.columns)
    assert isinstance(table, pd.DataFrame)
