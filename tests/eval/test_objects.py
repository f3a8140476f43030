import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from eval.objects import OBJECT_AREA, SIZE_LIMITS, find_objects, match_scores, object_counts, object_scores, size_of

VOID, PERSON = 255, 1


def drawn(*rows):
    """A mask from rows of text: # is a person, ? is void."""
    return np.array([[{"#": PERSON, "?": VOID}.get(letter, 0) for letter in row] for row in rows], np.uint8)


def figures(pred, target):
    """Objects, found, matched and false alarms, and objects that are false for more than half."""
    objects = find_objects(pred, target, PERSON, object_area=0)
    counts = {key: sum(sizes.values()) for key, sizes in object_counts(objects).items()}
    return *counts.values(), sum(region.overlap < 0.5 for region in objects.predicted)


SCENES = {
    "the same": (["##..##"], ["##..##"], (2, 2, 2, 0, 0)),
    "nothing is found": (["###..."], ["......"], (1, 0, 0, 0, 0)),
    "nothing is there": (["......"], ["###..."], (0, 0, 0, 1, 1)),
    "nothing anywhere": (["......"], ["......"], (0, 0, 0, 0, 0)),
    "half is found, and no match": (["####.."], ["##...."], (1, 1, 0, 1, 0)),
    "more than half is a match": (["####.."], ["###..."], (1, 1, 1, 0, 0)),
    "beside it": (["##...."], ["...###"], (1, 0, 0, 1, 1)),
    "a crowd that merges": (["##.##"], ["#####"], (2, 2, 0, 1, 0)),
    "a crowd that merges around a tall one": (["######.##"], ["#########"], (2, 2, 1, 0, 0)),
    "a crowd that touches is one object": (["####", "...."], ["#..#", "...."], (1, 1, 0, 2, 0)),
    "an object cut by a pole": (["###.##"], ["###.##"], (2, 2, 2, 0, 0)),
    "a pole that is painted over": (["####.#"], ["######"], (2, 2, 1, 0, 0)),
    "an object split by the prediction": (["######"], ["###.##"], (1, 1, 0, 2, 0)),
    "split off a smaller part": (["#######"], ["#####.#"], (1, 1, 1, 1, 0)),
    "corners touch": (["#.", ".#"], ["#.", ".#"], (1, 1, 1, 0, 0)),
    "void beside it is free": (["##????"], ["######"], (1, 1, 1, 0, 0)),
    "in void alone": (["??????"], ["######"], (0, 0, 0, 0, 0)),
    "mostly in void": (["????.."], ["######"], (0, 0, 0, 0, 0)),
    "half in void": (["???..."], ["######"], (0, 0, 0, 1, 1)),
    "a strip of void in between": (["##?##"], ["#####"], (2, 2, 0, 1, 0)),
    "a match that lies mostly in void": (["##????"], ["######"], (1, 1, 1, 0, 0)),
}


@pytest.mark.parametrize(("target", "pred", "expected"), SCENES.values(), ids=SCENES)
def test_drawn_by_hand(target, pred, expected):
    assert figures(drawn(*pred), drawn(*target)) == expected


def pixel_sets(mask):
    """The connected regions as sets of pixel numbers."""
    labelled, count = ndimage.label(mask, structure=np.ones((3, 3)))
    return [set(np.flatnonzero(labelled == number).tolist()) for number in range(1, count + 1)]


def assigned(pred, target, label, least):
    """Objects, matched and false alarms of one class: sets of pixels, and an assignment of the highest total IoU."""
    void = set(np.flatnonzero(target == VOID).tolist())
    true, whole = pixel_sets(target == label), pixel_sets(pred == label)
    guessed = [region - void for region in whole]
    table = np.zeros((len(true), len(guessed)))
    for row, one in enumerate(true):
        for column, other in enumerate(guessed):
            table[row, column] = len(one & other) / len(one | other)
    pairs = [pair for pair in zip(*linear_sum_assignment(-table), strict=True) if table[pair] > 0.5]
    matched, partners = {row for row, _ in pairs}, {column for _, column in pairs}
    large = {row for row, region in enumerate(true) if len(region) >= least}
    false = {
        column
        for column, region in enumerate(guessed)
        if len(region) >= max(1, least) and column not in partners and len(region) >= len(whole[column]) / 2
    }
    found = sum(np.mean([pred.flat[pixel] == label for pixel in true[row]]) >= 0.5 for row in large)
    return {"objects": len(large), "found": found, "matched": len(large & matched), "false_alarms": len(false)}


@settings(max_examples=200)
@given(
    hnp.arrays(np.uint8, (7, 9), elements=st.sampled_from([0, 1, 1, 2, VOID])),
    hnp.arrays(np.uint8, (7, 9), elements=st.sampled_from([0, 1, 1, 2])),
    st.floats(0, 1),
    st.integers(0, 6),
)
def test_counts_agree_with_an_assignment_of_pixel_sets(target, noise, share, least):
    """From a prediction that is the truth to one that has nothing to do with it."""
    kept = np.random.default_rng(0).random(target.shape) < share
    pred = np.where(kept & (target != VOID), target, noise).astype(np.uint8)
    for label in (1, 2):
        counts = object_counts(find_objects(pred, target, label, least / target.size))
        assert {key: sum(sizes.values()) for key, sizes in counts.items()} == assigned(pred, target, label, least)


def test_an_object_has_area_box_and_share():
    target, pred = np.zeros((2, 30, 40), np.uint8)
    target[10:20, 5:9] = PERSON
    pred[10:13, 5:9] = pred[25:30, 30:40] = PERSON
    objects = find_objects(pred, target, PERSON)
    (person,), (part, false) = objects
    assert person == (PERSON, 40, "large", (5, 10, 4, 10), 12 / 40, False)
    assert part == (PERSON, 12, "medium", (5, 10, 4, 3), 1.0, False)
    assert false == (PERSON, 50, "large", (30, 25, 10, 5), 0.0, False)


def test_crumbs_are_no_objects_on_either_side():
    """360x480, as CamVid: an object has 104 pixels or more."""
    assert 103 / (360 * 480) < OBJECT_AREA < 104 / (360 * 480)
    target, pred = np.zeros((2, 360, 480), np.uint8)
    target[0, :103] = target[10, :104] = PERSON
    pred[20, :103] = pred[30, :104] = PERSON
    objects = find_objects(pred, target, PERSON)
    assert [region.box[1] for region in (*objects.true, *objects.predicted)] == [10, 30]


def test_what_lies_about_the_limit_is_neither_missed_nor_a_false_alarm():
    for true, guessed in ((100, 110), (110, 100)):
        target, pred = np.zeros((2, 360, 480), np.uint8)
        target[0, :true], pred[0, :guessed] = PERSON, PERSON
        counts = object_counts(find_objects(pred, target, PERSON))
        assert counts["objects"] == counts["matched"]
        assert not any(counts["false_alarms"].values())


def test_sizes_are_cocos():
    """Of a frame of 480x640: 32² and 96² pixels."""
    sizes = {size: size_of(pixels / (480 * 640)) for size, pixels in (("a", 32**2), ("b", 32**2 + 1), ("c", 96**2))}
    assert sizes == {"a": "small", "b": "medium", "c": "medium"}
    assert size_of(1.0) == "large"


def test_noise_of_many_regions_takes_little_memory():
    """Thousands of regions on both sides: a table of all pairs would take gigabytes."""
    rng = np.random.default_rng(0)
    target, pred = (rng.random((2, 1000, 1500)) < 0.2).astype(np.uint8)
    assert find_objects(pred, target, 1, object_area=0.5) == ([], [])


def table(**columns):
    counts = {f"{key}/{name}": 0 for key in ("objects", "matched", "false_alarms") for name in ("car", "person")}
    sizes = {f"{key}/{size}": 0 for key in counts for size in SIZE_LIMITS}
    return pd.DataFrame(counts | sizes | {key.replace("__", "/"): value for key, value in columns.items()}, range(2))


def test_scores_over_a_split_by_hand():
    cars = {"objects": [2, 2], "matched": [1, 2], "false_alarms": [1, 0]}
    columns = {f"{key}__car{size}": values for key, values in cars.items() for size in ("", "__small")}
    persons = {"false_alarms__person": [1, 2], "false_alarms__person__large": [1, 2]}
    scores = object_scores(table(**columns, **persons), ["car", "person"])
    assert {key: value for key, value in scores.items() if not math.isnan(value)} == pytest.approx(
        {
            "object_recall": 3 / 4,
            "object_recall/car": 3 / 4,
            "object_recall/small": 3 / 4,
            "object_precision": 3 / 8,
            "object_precision/car": 3 / 4,
            "object_precision/person": 0,
            "object_precision/small": 3 / 4,
            "object_precision/large": 0,
            "object_f1": 3 / 8,
            "object_f1/car": 3 / 4,
            "object_f1/person": 0,
            "object_f1/small": 3 / 4,
            "object_f1/large": 0,
            "false_alarms": 2,
            "false_alarms/car": 1 / 2,
            "false_alarms/person": 3 / 2,
            "false_alarms/small": 1 / 2,
            "false_alarms/medium": 0,
            "false_alarms/large": 3 / 2,
        }
    )
    undefined = ("object_recall/person", "object_recall/medium", "object_f1/medium", "object_recall/large")
    assert all(math.isnan(scores[key]) for key in undefined)


def test_f1_is_the_harmonic_mean():
    scores = match_scores(objects=7, matched=3, false_alarms=2)
    recall, precision = scores["object_recall"], scores["object_precision"]
    assert scores["object_f1"] == pytest.approx(2 * recall * precision / (recall + precision))
    assert all(math.isnan(score) for score in match_scores(0, 0, 0).values())
