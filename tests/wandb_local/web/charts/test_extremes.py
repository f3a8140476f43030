"""Which points of a long line are drawn, and the marks for what is not finite."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wandb_local.web.charts.extremes import extremes, marked

VALUES = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([np.nan, np.inf, -np.inf]), max_size=400)


@given(VALUES, st.integers(4, 60))
def test_few_points_keep_both_ends_and_every_extreme(values, count):
    array = np.array(values)
    places = extremes(array, count)
    assert len(places) <= count or len(places) == len(values) <= count
    assert list(places) == sorted(set(places))
    if values:
        assert (places[0], places[-1]) == (0, len(values) - 1)
    finite = array[np.isfinite(array)]
    if len(finite):
        kept = array[places][np.isfinite(array[places])]
        assert (kept.min(), kept.max()) == (finite.min(), finite.max())


def test_a_spike_anywhere_is_kept_and_so_is_a_long_gap():
    for place in (1, 4_999, 5_000, 49_998):
        values = np.zeros(50_000)
        values[place] = 50
        assert place in extremes(values, 1000)
    values[10_000:20_000] = np.nan
    assert np.isnan(values[extremes(values, 1000)]).any()


@given(st.lists(st.booleans(), max_size=300), st.integers(1, 50))
def test_marks_count_everything_in_few_stretches(where, most):
    x = np.arange(len(where), dtype=float)
    stretches = marked(x, np.array(where, dtype=bool), most)
    assert len(stretches) <= most
    assert sum(count for _, _, count in stretches) == sum(where)
    assert all(first <= last for first, last, _ in stretches)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(stretches))
    assert {end for first, last, _ in stretches for end in (first, last)} <= {i for i, true in enumerate(where) if true}
