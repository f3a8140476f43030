"""Cross-entropy near borders."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_cdt

from losses import BoundaryLoss, CrossEntropyLoss, build_loss
from tests.losses.drawn import batch

WEIGHTS = torch.tensor([0.5, 1.0, 0.1, 7.0, 2.0])


def by_distance(target, width):
    """By scipy's chessboard distance to the nearest pixel of another class, for each class and image."""
    found = np.zeros(target.shape, bool)
    for index, mask in enumerate(target):
        for own in set(np.unique(mask).tolist()) - {255}:
            others = (mask != own) & (mask != 255)
            if others.any():
                found[index] |= (mask == own) & (distance_transform_cdt(~others, "chessboard") <= width)
    return found


def test_by_hand():
    mask = torch.tensor([[0, 0, 0, 1, 1, 255, 2, 2]])[None]
    assert BoundaryLoss(width=1).near(mask)[0, 0].tolist() == [False, False, True, True, False, False, False, False]
    assert BoundaryLoss(width=2).near(mask)[0, 0].tolist() == [False, True, True, True, True, False, True, False]


@given(st.integers(0, 2**31), st.integers(1, 4), st.sampled_from([0.0, 0.2, 0.9]))
def test_near_is_as_scipy_measures_it(seed, width, void):
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.integers(0, 3, (2, 4, 5)), np.ones((1, 5, 5), int)).astype(np.uint8)
    mask[rng.random(mask.shape) < void] = 255
    assert np.array_equal(
        BoundaryLoss(width=width).near(torch.from_numpy(mask).long()).numpy(), by_distance(mask, width)
    )


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_it_is_cross_entropy_with_the_other_pixels_void(weights):
    logits, _ = batch(shape=(2, 5, 20, 25))
    target = torch.from_numpy(np.kron(np.arange(20).reshape(1, 4, 5) % 5, np.ones((2, 5, 5), int)))
    near = torch.from_numpy(by_distance(target.numpy(), 1))
    assert 0.2 < near.float().mean() < 0.8
    expected = CrossEntropyLoss(weights)(logits, target.masked_fill(~near, 255))
    torch.testing.assert_close(build_loss("boundary", weights, boundary_width=1)(logits, target), expected)


def test_masks_without_a_border_give_zero_and_a_zero_gradient():
    logits, target = batch(void=0)
    logits.requires_grad_()
    value = BoundaryLoss()(logits, torch.zeros_like(target))
    value.backward()
    assert value == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


def test_a_width_that_makes_no_sense():
    with pytest.raises(ValueError, match="boundary_width: 0 is not allowed; use a number of pixels from 1"):
        BoundaryLoss(width=0)
