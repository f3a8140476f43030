import math

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from eval.evidence import (
    NO_SPREAD,
    Estimate,
    Spread,
    frames_needed,
    holm,
    jackknife,
    pooled,
    stretches,
    sums_left_out,
    with_spread,
)


def estimated(values, stretch):
    """The mean of `values` as a ratio of sums, with its error."""
    counts = np.stack([values, np.ones(len(values))], 1)
    sums, within = sums_left_out(counts, stretch)
    return jackknife(sums[:, 0] / sums[:, 1], within[:, 1])


def test_of_equal_stretches_it_is_the_t_interval_of_their_means():
    values = np.random.default_rng(0).normal(size=60)
    means = values.reshape(6, 10).mean(1)
    estimate = estimated(values, np.repeat(np.arange(6), 10))
    expected = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert estimate.interval(0.025) == pytest.approx(tuple(expected))
    assert estimate.freedom == pytest.approx(5)
    alternative = stats.ttest_1samp(means - 1, 0, alternative="less").pvalue
    assert estimated(values - 1, np.repeat(np.arange(6), 10)).chance_of_no_fall() == pytest.approx(alternative)


def test_a_ratio_by_hand():
    """Parts 1, 2, 6 of wholes 2, 4, 6: 9/12, without each 8/10, 7/8, 3/6."""
    sums, within = sums_left_out(np.array([[1.0, 2], [2, 4], [6, 6]]), np.arange(3))
    assert sums.tolist() == [[9, 12], [8, 10], [7, 8], [3, 6]]
    estimate = jackknife(sums[:, 0] / sums[:, 1], within[:, 1])
    assert estimate.value == 0.75
    assert estimate.error == pytest.approx(math.sqrt(2 / 3 * (0.05**2 + 0.125**2 + 0.25**2)))
    assert estimate.freedom == pytest.approx(144 / 56 - 1)


def test_one_stretch_that_holds_a_class_is_no_evidence():
    sums, within = sums_left_out(np.array([[3.0, 4], [0, 0], [0, 0], [0, 0]]), np.arange(4))
    scores = np.divide(sums[:, 0], sums[:, 1], out=np.full(4 + 1, np.nan), where=sums[:, 1] > 0)
    estimate = jackknife(scores, within[:, 1])
    assert estimate.value == 0.75
    assert not estimate.known
    assert estimate.interval(0.025) == (-math.inf, math.inf)
    assert estimate.chance_of_no_fall() == 1
    assert frames_needed(estimate, 0.05, 0.025, 100) == math.inf


@pytest.mark.parametrize(
    ("drives", "counts"),
    [
        ([101], [26, 25, 25, 25]),  # 2.5 times the root of 101 is 25
        ([10] * 10, [10] * 10),  # whole drives
        ([50, 50, 5], [25, 25, 25, 25, 5]),
        ([12], [12]),
        ([1], [1]),
    ],
)
def test_stretches_are_cut_within_drives(drives, counts):
    sequences = [f"drive{number:02}" for number, frames in enumerate(drives) for _ in range(frames)]
    stretch = stretches(sequences)
    assert np.bincount(stretch).tolist() == counts
    assert (np.diff(stretch) >= 0).all()
    mixed = np.random.default_rng(0).permutation(len(sequences))
    assert np.bincount(stretches([sequences[i] for i in mixed])).tolist() == counts


def test_intervals_hold_the_truth_where_neighbours_resemble_each_other():
    """101 frames that forget with a correlation time of 8; frames as observations would hold it in 40 %."""
    keep, rng = math.exp(-1 / 8), np.random.default_rng(0)
    series = lfilter([1], [1, -keep], rng.normal(size=(400, 300)), axis=1)[:, -101:]
    for stretch, low, high in ((stretches(["drive"] * 101), 0.9, 0.96), (np.arange(101), 0.3, 0.5)):
        held = [math.prod(estimated(values, stretch).interval(0.025)) <= 0 for values in series]
        assert low <= np.mean(held) <= high


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


def test_spread_of_seeds():
    assert pooled([[1, 3], [2, 2, 5], [7]]) == pytest.approx(((2 + 6) / 3, 3))
    assert pooled([[1], []]) == NO_SPREAD
    joint = with_spread(Estimate(0.1, 0.3, 4), Spread(0.16, 2))
    assert joint.error == pytest.approx(0.5)
    assert joint.freedom == pytest.approx(0.25**2 / (0.09**2 / 4 + 0.16**2 / 2))
    assert with_spread(joint, NO_SPREAD) is joint


def test_the_frames_that_would_do_are_enough():
    estimate = Estimate(-0.01, 0.05, 4)
    needed = frames_needed(estimate, 0.05, 0.025, 100)
    more = math.sqrt(needed / 100)
    enough = Estimate(-0.01, 0.05 / more, 4 * more)
    assert enough.interval(0.025)[0] == pytest.approx(-0.05, abs=0.002)
    assert 600 < needed < 1000
    assert frames_needed(Estimate(0.0, 0.001, 4), 0.05, 0.025, 100) == 100
    assert frames_needed(estimate, 0.05, 0.025, 100, Spread(0.01, 2)) == math.inf  # no frame takes that away
