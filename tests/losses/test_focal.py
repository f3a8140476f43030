import math

import numpy as np
import pytest
import torch
from torchvision.ops import sigmoid_focal_loss

from losses import CrossEntropyLoss, FocalLoss
from tests.losses.drawn import batch


def test_by_hand():
    # Lin et al., section 3.2: with gamma = 2 an example at p = 0.9 counts 100 times less than with cross-entropy.
    logits = torch.tensor([[[[math.log(9), 0.0, 5.0]], [[0.0, 0.0, -5.0]]]])
    target = torch.tensor([[[0, 1, 255]]])
    expected = (0.01 * -math.log(0.9) + 0.25 * math.log(2)) / 2
    assert FocalLoss()(logits, target).item() == pytest.approx(expected)
    weighted = FocalLoss(class_weights=torch.tensor([1.0, 3.0]))
    assert weighted(logits, target).item() == pytest.approx((0.01 * -math.log(0.9) + 0.75 * math.log(2)) / 4)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
def test_equals_the_formula_in_float64(gamma):
    logits, target = batch()
    p = np.exp(logits.double().numpy())
    p /= p.sum(axis=1, keepdims=True)
    true = np.take_along_axis(p, target.clamp(max=4).numpy()[:, None], axis=1)[:, 0][target.numpy() != 255]
    expected = np.mean(-((1 - true) ** gamma) * np.log(true))
    assert FocalLoss(gamma=gamma)(logits, target).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gamma", [1.0, 2.0])
def test_equals_torchvision_for_two_classes(gamma):
    generator = torch.Generator().manual_seed(0)
    score = torch.randn(2, 6, 6, generator=generator) * 3
    target = torch.randint(0, 2, (2, 6, 6), generator=generator)
    score.requires_grad_()
    ours = FocalLoss(gamma=gamma)(torch.stack([torch.zeros_like(score), score], 1), target)
    theirs = sigmoid_focal_loss(score, target.float(), alpha=-1, gamma=gamma, reduction="mean")
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, score)[0], torch.autograd.grad(theirs, score)[0])


def test_gamma_zero_is_cross_entropy():
    logits, target = batch()
    weights = torch.tensor([0.5, 1.0, 0.0, 7.0, 2.0])
    torch.testing.assert_close(FocalLoss(weights, gamma=0)(logits, target), CrossEntropyLoss(weights)(logits, target))


@pytest.mark.parametrize("gamma", [-1.0, float("nan"), float("inf")])
def test_a_gamma_that_makes_no_sense(gamma):
    with pytest.raises(ValueError, match=r"focal_gamma: .* is not allowed; use a number >= 0"):
        FocalLoss(gamma=gamma)
