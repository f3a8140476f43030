import math

import numpy as np
import pytest
import torch

from losses.berhu import BerHuLoss
from tests.losses.drawn import depth_batch


def test_by_hand():
    # The largest error is 10 m, so c = 2 m: 1 m counts 1, 2 m counts 2, and 10 m counts (100 + 4) / 4 = 26.
    depth = torch.tensor([[[11.0, 18.0, 30.0, 7.0]]])
    target = torch.tensor([[[10.0, 20.0, 40.0, math.nan]]])
    assert BerHuLoss()(depth, target).item() == pytest.approx((1 + 2 + 26) / 3)


def test_equals_the_formula_in_float64_and_its_gradient_takes_the_limit_as_constant():
    depth, target = depth_batch(shape=(3, 20, 30))
    error = (depth - target).double().numpy()[~target.isnan().numpy()]
    limit = np.abs(error).max() / 5
    expected = np.where(np.abs(error) <= limit, np.abs(error), (error**2 + limit**2) / (2 * limit))
    depth.requires_grad_()
    loss = BerHuLoss()(depth, target)
    assert loss.item() == pytest.approx(expected.mean(), rel=1e-5)
    loss.backward()
    assert depth.grad is not None
    gradient = np.where(np.abs(error) <= limit, np.sign(error), error / limit) / len(error)
    np.testing.assert_allclose(depth.grad[~target.isnan()].numpy(), gradient, rtol=1e-4)
