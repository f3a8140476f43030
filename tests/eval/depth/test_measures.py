import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.depth.measures import BANDS, FIGURES, depth_sums, figures

PERSON, ROAD, VOID = 0, 1, 255


def of(depth, truth, mask=None):
    """The figures over all pixels."""
    depth, truth = np.array([depth], np.float32), np.array([truth], np.float32)
    mask = np.zeros(truth.shape, np.uint8) if mask is None else mask
    return {key: float(value) for key, value in figures(depth_sums(depth, truth, mask, 2).sum((0, 1))).items()}


def test_hand_computed():
    """12 m for 10 m, and 15 m for 20 m; ln 1.2 and ln 0.75."""
    expected = {
        "abs_rel": (0.2 + 0.25) / 2,
        "sq_rel": (4 / 10 + 25 / 20) / 2,
        "rmse": (29 / 2) ** 0.5,
        "rmse_log": ((0.1823215568**2 + 0.2876820725**2) / 2) ** 0.5,
        "silog": (0.1823215568 + 0.2876820725) / 2,
        "delta1": 0.5,
        "delta2": 1.0,
        "delta3": 1.0,
    }
    assert of([12, 15], [10, 20]) == pytest.approx(expected, rel=1e-6)
    assert list(expected) == list(FIGURES)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_as_other_implementations_say(seed):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(1, 120, (7, 9)).astype(np.float32)
    truth[rng.random(truth.shape) < 0.3] = np.nan
    truth[0, 0] = 5
    depth = (np.nan_to_num(truth, nan=3) * rng.uniform(0.5, 2, truth.shape)).astype(np.float32)
    found = figures(depth_sums(depth, truth, np.zeros(truth.shape, np.uint8), 2).sum((0, 1)))
    keep = np.isfinite(truth) & (truth <= 80)
    true, predicted = truth[keep].astype(np.float64), np.minimum(depth[keep].astype(np.float64), 80)
    ratio = np.maximum(true / predicted, predicted / true)
    assert found["abs_rel"] == pytest.approx(sk.mean_absolute_percentage_error(true, predicted))
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(true, predicted))
    assert found["rmse_log"] == pytest.approx(sk.root_mean_squared_error(np.log(true), np.log(predicted)))
    assert found["sq_rel"] == pytest.approx(np.mean((true - predicted) ** 2 / true))
    assert found["silog"] == pytest.approx(np.std(np.log(predicted / true)))
    assert [found[f"delta{n}"] for n in (1, 2, 3)] == pytest.approx([(ratio < 1.25**n).mean() for n in (1, 2, 3)])


def test_unknown_far_and_impossible_truth_do_not_count():
    assert of([12, 1, 1, 1, 1], [10, np.nan, 81, 0, np.inf]) == of([12], [10])
    assert all(np.isnan(value) for value in of([5], [np.nan]).values())


def test_a_prediction_beyond_the_cap_is_taken_as_the_cap():
    assert of([500], [40])["abs_rel"] == 1
    assert of([0], [40])["delta3"] == 0  # and no logarithm of 0


def test_classes_bands_and_void():
    truth = np.array([[5, 10, 20, 40, 80, 30]], np.float32)
    mask = np.array([[PERSON, PERSON, ROAD, ROAD, ROAD, VOID]], np.uint8)
    sums = depth_sums(truth * 2, truth, mask, 2)
    pixels = sums[..., 0]
    assert pixels.tolist() == [[2, 0, 0, 0], [0, 1, 1, 1], [0, 0, 1, 0]]
    assert list(BANDS) == ["0-10m", "10-20m", "20-40m", "40-80m"]
    assert figures(sums.sum(0))["abs_rel"].tolist() == [1, 1, 1, 0]  # 160 m is taken as 80 m


def test_the_sums_of_frames_add_up():
    rng = np.random.default_rng(0)
    truth = rng.uniform(1, 80, (2, 6, 8)).astype(np.float32)
    depth = truth * rng.uniform(0.8, 1.2, truth.shape).astype(np.float32)
    mask = rng.integers(0, 2, truth.shape).astype(np.uint8)
    parts = [depth_sums(*frame, 2) for frame in zip(depth, truth, mask, strict=True)]
    whole = depth_sums(depth.reshape(12, 8), truth.reshape(12, 8), mask.reshape(12, 8), 2)
    np.testing.assert_allclose(sum(parts), whole)


def test_a_mask_of_another_size_is_brought_to_that_of_the_truth():
    truth = np.full((4, 6), 5, np.float32)
    mask = np.repeat(np.array([[PERSON, ROAD]], np.uint8), 3, axis=1).repeat(2, axis=0)[:, ::3]
    assert depth_sums(truth, truth, mask, 2)[:, 0, 0].tolist() == [12, 12, 0]
