"""Class weights against figures worked out by hand."""

import numpy as np
import pytest

from camvid.weights import SCHEMES, class_weights

# Two frames of 100 and 50 labelled pixels: class 0 is everywhere, class 1 only in the first, class 2 nowhere.
COUNTS = np.array([[80, 20, 0], [50, 0, 0]])


def weights_of(scheme, counts):
    weights = class_weights(scheme, counts)
    assert weights is not None
    return weights


def normalised(raw):
    return np.asarray(raw) / np.mean(raw)


def test_inverse_is_one_over_frequency():
    assert weights_of("inverse", COUNTS)[:2] == pytest.approx(normalised([1 / 130, 1 / 20]), rel=1e-6)


def test_median_frequency_counts_only_frames_that_hold_the_class():
    # frequency: class 0 is 130 of 150 pixels, class 1 is 20 of 100; the median is the same factor for both
    expected = normalised([150 / 130, 100 / 20])
    assert weights_of("median_frequency", COUNTS)[:2] == pytest.approx(expected, rel=1e-6)


def test_effective_number_of_samples():
    beta = 1 - 1 / 75
    expected = normalised([(1 - beta) / (1 - beta**130), (1 - beta) / (1 - beta**20)])
    assert weights_of("effective_number", COUNTS)[:2] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme != "none"])
def test_rare_counts_more_absent_counts_nothing_and_nothing_explodes(scheme):
    counts = np.array([[1_000_000, 10_000, 3, 0]])
    weights = weights_of(scheme, counts)
    assert weights.dtype == np.float32
    assert weights[0] <= weights[1] <= weights[2] <= 30 * weights[1]
    assert weights[3] == 0
    assert weights[:3].mean() == pytest.approx(1)


def test_none_and_errors():
    assert class_weights("none", COUNTS) is None
    with pytest.raises(ValueError, match="class_weights='rare': allowed are none, inverse"):
        class_weights("rare", COUNTS)
    with pytest.raises(ValueError, match="needs labelled pixels"):
        class_weights("inverse", np.zeros((2, 3), int))
