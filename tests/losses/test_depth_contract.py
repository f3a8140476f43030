"""What every depth loss owes, whichever it is."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from losses import DEPTH_LOSSES, build_depth_loss
from tests.losses.drawn import depth_batch
from tests.losses.test_contract import value_and_gradient

SPECS = [*DEPTH_LOSSES, {"silog": 1.0, "berhu": 0.1}]
every_loss = pytest.mark.parametrize("spec", SPECS, ids=str)
UNKNOWN = (math.nan, math.inf, -math.inf, 0.0, -3.0)


def test_an_entry_in_the_list_of_losses_is_all_that_a_new_one_takes(monkeypatch):
    monkeypatch.setitem(DEPTH_LOSSES, "mine", DEPTH_LOSSES["silog"])
    assert build_depth_loss("mine")(*depth_batch()) == build_depth_loss("silog")(*depth_batch())


@every_loss
def test_better_depth_lowers_it_to_nothing(spec):
    depth, target = depth_batch(unknown=0)
    values = [build_depth_loss(spec)(target + share * (depth - target), target) for share in (1, 0.7, 0.3, 0.1, 0)]
    assert all(better < worse for worse, better in pairwise(values))
    assert values[-1] == pytest.approx(0, abs=1e-6)


@every_loss
@pytest.mark.parametrize("unknown", UNKNOWN)
def test_unknown_pixels_change_neither_value_nor_gradient(spec, unknown):
    depth, target = depth_batch()
    invalid = target.isnan()
    value, gradient = value_and_gradient(build_depth_loss(spec), depth, target)
    other = depth.where(~invalid, depth * 7)
    other_value, other_gradient = value_and_gradient(build_depth_loss(spec), other, target.where(~invalid, unknown))
    assert value > 0
    assert other_value == value
    assert torch.equal(other_gradient, gradient)
    assert (gradient[invalid] == 0).all()
    assert (gradient[~invalid] != 0).any()


@every_loss
def test_unknown_depth_alone_gives_zero_and_a_zero_gradient(spec):
    depth, target = depth_batch(unknown=1.1)
    value, gradient = value_and_gradient(build_depth_loss(spec), depth, target)
    assert value == 0
    assert (gradient == 0).all()


@every_loss
def test_an_image_without_truth_changes_nothing_for_the_others(spec):
    depth, target = depth_batch()
    value, gradient = value_and_gradient(build_depth_loss(spec), depth, target)
    more = torch.cat([target, torch.full_like(target, torch.nan)])
    other_value, other_gradient = value_and_gradient(build_depth_loss(spec), torch.cat([depth] * 2), more)
    torch.testing.assert_close(other_value, value)
    torch.testing.assert_close(other_gradient, torch.cat([gradient, torch.zeros_like(gradient)]))


@every_loss
def test_doubling_the_batch_changes_nothing(spec):
    depth, target = depth_batch()
    value, gradient = value_and_gradient(build_depth_loss(spec), depth, target)
    twice, half_gradient = value_and_gradient(build_depth_loss(spec), torch.cat([depth] * 2), torch.cat([target] * 2))
    torch.testing.assert_close(twice, value)
    torch.testing.assert_close(half_gradient[:2] * 2, gradient)


@every_loss
def test_exact_depth_and_a_single_valid_pixel_stay_finite(spec):
    depth, target = depth_batch(unknown=0)
    value, gradient = value_and_gradient(build_depth_loss(spec), target, target)
    assert value == pytest.approx(0, abs=1e-6)
    assert gradient.isfinite().all()
    alone = torch.full_like(target, torch.nan)
    alone[0, 3, 4] = target[0, 3, 4]
    value, gradient = value_and_gradient(build_depth_loss(spec), depth, alone)
    assert value > 0
    assert gradient.isfinite().all()
    assert int((gradient != 0).sum()) == 1


@every_loss
def test_computes_in_float32_under_autocast(spec):
    depth, target = depth_batch(shape=(2, 40, 40))
    half = depth.bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        value = build_depth_loss(spec)(half, target)
    assert value.dtype == torch.float32
    assert value == build_depth_loss(spec)(half.float(), target)


@every_loss
@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**31),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 8), st.integers(1, 8)),
    unknown=st.sampled_from([0.0, 0.5, 0.95]),
    scale=st.sampled_from([1e-3, 1.0, 100.0]),
)
def test_any_batch_is_finite_not_negative_and_blind_to_order(spec, seed, shape, unknown, scale):
    depth, target = depth_batch(seed, shape, unknown)
    value, gradient = value_and_gradient(build_depth_loss(spec), depth * scale, target)
    assert value >= 0
    assert gradient.isfinite().all()
    torch.testing.assert_close(build_depth_loss(spec)(depth.flip(0, 2) * scale, target.flip(0, 2)), value)


@every_loss
def test_shapes_that_do_not_fit_are_named(spec):
    depth, target = depth_batch()
    with pytest.raises(ValueError, match=r"depth \(2, 7, 9\) and target \(2, 7, 8\) do not match"):
        build_depth_loss(spec)(depth, target[..., :-1])
    with pytest.raises(ValueError, match=r"must be \(N, H, W\)"):
        build_depth_loss(spec)(depth[:, None], target[:, None])


@every_loss
def test_a_target_beyond_the_range_counts_as_the_end_of_it(spec):
    depth, target = depth_batch()
    loss = build_depth_loss(spec, depth_min=5.0, depth_max=20.0)
    assert (
        loss(depth, target)
        == build_depth_loss(spec)(depth, target.clamp(5, 20))
        != build_depth_loss(spec)(depth, target)
    )


def test_a_weighted_sum_is_the_sum():
    depth, target = depth_batch()
    expected = 0.5 * build_depth_loss("silog")(depth, target) + 2 * build_depth_loss("berhu")(depth, target)
    torch.testing.assert_close(build_depth_loss({"silog": 0.5, "berhu": 2})(depth, target), expected)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ce", "depth_loss: 'ce' is unknown; choose from silog, berhu"),
        ({}, "depth_loss: {} does not name a loss; choose from silog, berhu"),
        ({"silog": 0.0}, "depth_loss: weight 0.0 of 'silog' is not allowed"),
        ({"berhu": True}, "depth_loss: weight True of 'berhu' is not allowed"),
    ],
)
def test_what_cannot_be_built_is_named(spec, message):
    with pytest.raises(ValueError, match=message):
        build_depth_loss(spec)
