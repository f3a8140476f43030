"""Cross-entropy of hard pixels."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from losses import CrossEntropyLoss, DiceLoss, OhemLoss, build_loss
from tests.losses.drawn import batch


def pixels(*probabilities):
    """Logits (1, 2, 1, N) of pixels whose first class has these probabilities."""
    p = torch.tensor(probabilities, dtype=torch.float64)
    return torch.stack([p, 1 - p]).log().float().view(1, 2, 1, -1)


def target(*classes):
    return torch.tensor(classes).view(1, 1, -1)


def mean_loss(*probabilities):
    return sum(-math.log(p) for p in probabilities) / len(probabilities)


def by_hand(logits, truth, threshold, min_kept, weights=None):
    """The definition of mmsegmentation's sampler in NumPy, with a share for its number, and void left out."""
    log_p = logits.double().log_softmax(1).numpy()
    mask = truth.numpy()
    valid = mask != 255
    own = np.take_along_axis(log_p, np.where(valid, mask, 0)[:, None], 1)[:, 0][valid]
    if not own.size:
        return 0.0
    order = np.sort(own)
    limit = order[math.ceil(min_kept * own.size - 1e-6) - 1]
    kept = (np.exp(own) < threshold) | (own <= limit)
    weight = np.ones_like(own) if weights is None else weights.double().numpy()[mask[valid]]
    return (weight * -own)[kept].sum() / weight[kept].sum()


def test_pixels_above_the_threshold_do_not_count():
    logits, truth = pixels(0.9, 0.6, 0.2, 0.95), target(0, 0, 0, 0)
    assert OhemLoss(threshold=0.7, min_kept=0.01)(logits, truth).item() == pytest.approx(mean_loss(0.6, 0.2))
    assert OhemLoss(threshold=0.5, min_kept=0.01)(logits, truth).item() == pytest.approx(mean_loss(0.2))


def test_the_hardest_count_if_too_few_are_below_the_threshold():
    logits, truth = pixels(0.9, 0.8, 0.2, 0.95), target(0, 0, 0, 0)
    assert OhemLoss(threshold=0.7, min_kept=0.5)(logits, truth).item() == pytest.approx(mean_loss(0.2, 0.8))
    assert OhemLoss(threshold=0.7, min_kept=0.51)(logits, truth).item() == pytest.approx(mean_loss(0.2, 0.8, 0.9))
    assert OhemLoss(threshold=0.1, min_kept=0.25)(logits, truth).item() == pytest.approx(mean_loss(0.2))


def test_the_share_is_of_the_pixels_that_are_not_void():
    logits, truth = pixels(0.01, 0.9, 0.8, 0.2, 0.95, 0.01, 0.01, 0.01), target(255, 0, 0, 0, 0, 255, 255, 255)
    assert OhemLoss(threshold=0, min_kept=0.5)(logits, truth).item() == pytest.approx(mean_loss(0.2, 0.8))


def test_equally_hard_pixels_count_alike():
    logits, truth = pixels(0.25, 0.75, 0.25, 0.5), target(0, 1, 0, 1)  # three at 1/4, one at 1/2
    assert OhemLoss(threshold=0, min_kept=0.25)(logits, truth).item() == pytest.approx(mean_loss(0.25))
    logits.requires_grad_()
    OhemLoss(threshold=0, min_kept=0.25)(logits, truth).backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum((0, 1, 2)).tolist() == pytest.approx([0.5, 0.5, 0.5, 0])


def test_class_weights_weigh_the_hard_pixels_and_do_not_choose_them():
    logits, truth = pixels(0.9, 0.6, 0.2, 0.05), target(0, 0, 0, 1)  # class 1 is right with 0.95
    loss = OhemLoss(torch.tensor([1.0, 3.0]), threshold=0.7, min_kept=0.01)
    assert loss(logits, truth).item() == pytest.approx(mean_loss(0.6, 0.2))
    everything = OhemLoss(torch.tensor([1.0, 3.0]), threshold=1, min_kept=1)
    torch.testing.assert_close(everything(logits, truth), CrossEntropyLoss(torch.tensor([1.0, 3.0]))(logits, truth))


@given(
    seed=st.integers(0, 2**31),
    threshold=st.floats(0, 1),
    min_kept=st.floats(0.001, 1),
    void=st.sampled_from([0.0, 0.3, 0.95, 1.1]),
    weighted=st.booleans(),
)
def test_equals_the_definition(seed, threshold, min_kept, void, weighted):
    logits, truth = batch(seed, void=void)
    weights = torch.tensor([0.5, 1.0, 0.1, 7.0, 2.0]) if weighted else None
    found = OhemLoss(weights, threshold=threshold, min_kept=min_kept)(logits, truth)
    assert found.item() == pytest.approx(by_hand(logits, truth, threshold, min_kept, weights), rel=1e-4, abs=1e-6)


def test_the_gradient_is_that_of_cross_entropy_with_the_easy_pixels_void():
    logits, truth = batch()
    loss = OhemLoss(threshold=0.3, min_kept=0.1)
    hard = loss.hard(logits.log_softmax(1), truth)
    assert 0 < hard.sum() < (truth != 255).sum()
    gradients = []
    for function, mask in ((loss, truth), (CrossEntropyLoss(), truth.where(hard, torch.tensor(255)))):
        free = logits.clone().requires_grad_()
        function(free, mask).backward()
        gradients.append(free.grad)
    torch.testing.assert_close(*gradients)
    assert torch.autograd.gradcheck(
        lambda free: loss.from_log_probs(free.log_softmax(1), truth), logits.double().requires_grad_()
    )


def test_in_a_sum_with_dice():
    logits, truth = batch()
    weights = torch.tensor([0.5, 1.0, 0.1, 7.0, 2.0])
    both = build_loss({"ohem": 2.0, "dice": 0.5}, weights, ohem_threshold=0.4, ohem_min_kept=0.2)
    parts = OhemLoss(weights, threshold=0.4, min_kept=0.2)(logits, truth), DiceLoss()(logits, truth)
    torch.testing.assert_close(both(logits, truth), 2 * parts[0] + 0.5 * parts[1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ohem_threshold": 1.5}, "ohem_threshold: 1.5 is not allowed; use a probability"),
        ({"ohem_threshold": math.nan}, "ohem_threshold: nan is not allowed"),
        ({"ohem_min_kept": 0}, "ohem_min_kept: 0 is not allowed; use a share above 0"),
        ({"ohem_min_kept": 2}, "ohem_min_kept: 2 is not allowed"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        build_loss("ohem", **settings)
