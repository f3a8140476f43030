import math

import pytest
import torch
import torch.nn.functional as F

from losses import CrossEntropyLoss
from tests.losses.drawn import batch


def test_by_hand():
    # Two pixels: p(true) = 3/4 and 1/2; the third is void.
    logits = torch.tensor([[math.log(3), 0.0], [0.0, 0.0], [9.0, -9.0]]).T.view(1, 2, 1, 3)
    target = torch.tensor([[[0, 1, 255]]])
    assert CrossEntropyLoss()(logits, target).item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    weighted = CrossEntropyLoss(class_weights=torch.tensor([1.0, 3.0]))
    assert weighted(logits, target).item() == pytest.approx((math.log(4 / 3) + 3 * math.log(2)) / 4)


@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 1.0, 0.0, 7.0, 2.0])])
def test_equals_torch(weights):
    logits, target = batch()
    logits.requires_grad_()
    ours = CrossEntropyLoss(weights)(logits, target)
    theirs = F.cross_entropy(logits, target, weight=weights, ignore_index=255)
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(loss, logits)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_pixels_of_weight_zero_alone_give_zero():
    logits, _ = batch()
    target = torch.zeros(2, 7, 9, dtype=torch.int64)
    assert CrossEntropyLoss(torch.tensor([0.0, 1, 1, 1, 1]))(logits, target) == 0


def test_scaling_all_weights_changes_nothing():
    logits, target = batch()
    weights = torch.tensor([0.5, 1.0, 3.0, 7.0, 2.0])
    torch.testing.assert_close(
        CrossEntropyLoss(weights)(logits, target), CrossEntropyLoss(weights * 100)(logits, target)
    )


def test_another_ignore_index():
    logits, target = batch(void=0)
    loss = CrossEntropyLoss(ignore_index=0)(logits, target)
    torch.testing.assert_close(loss, F.cross_entropy(logits, target, ignore_index=0))


def test_auxiliary_logits_count_with_their_weight():
    """Of two classes: an even guess costs ln 2, one of 3/4 for the true class ln 4/3, one of 1/4 ln 4."""
    even, right = torch.zeros(1, 2, 1, 1), torch.tensor([3.0, 1.0]).log().view(1, 2, 1, 1)
    loss = CrossEntropyLoss()((even, (right, right.flip(1)), 0.4), torch.zeros(1, 1, 1, dtype=torch.long))
    assert float(loss) == pytest.approx(math.log(2) + 0.4 * (math.log(4 / 3) + math.log(4)))
