"""mIoU and priority Dice, by hand."""

import math

import numpy as np

from eval.means import headline_means, known_mean

NAN = math.nan


def test_mean_leaves_out_what_is_undefined():
    scores = np.array([0.5, NAN, 1.0])
    assert known_mean(scores) == 0.75
    assert known_mean(scores[[0, 1]]) == 0.5
    assert math.isnan(known_mean(scores[[1]]))
    assert math.isnan(known_mean(scores[[]]))


def test_absent_classes_leave_the_means():
    ious, dices = np.array([[0.5, NAN, 0.1], [NAN, NAN, NAN]]), np.array([[0.7, NAN, 0.2], [0.4, 0.6, NAN]])
    found = headline_means(ious, dices, [1, 2])
    np.testing.assert_allclose(found["miou"], [0.3, NAN])
    np.testing.assert_allclose(found["priority_dice"], [0.2, 0.6])


def test_without_priority_classes_there_is_no_priority_dice():
    found = headline_means(np.array([0.5, 0.25]), np.array([0.5, 0.25]), [])
    assert found["miou"] == 0.375
    assert math.isnan(found["priority_dice"])
