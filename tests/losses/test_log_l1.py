import math

import numpy as np
import pytest
import torch

from losses.log_l1 import LogL1Loss
from losses.silog import SILogLoss
from tests.losses.drawn import depth_batch


def test_by_hand():
    # The first image is wrong by ln 2 and by 0, the second by ln 3 at its only valid pixel.
    depth = torch.tensor([[[2.0, 5.0, 9.0]], [[6.0, 1.0, 1.0]]])
    target = torch.tensor([[[1.0, 5.0, math.nan]], [[2.0, math.nan, math.nan]]])
    assert LogL1Loss()(depth, target).item() == pytest.approx((math.log(2) / 2 + math.log(3)) / 2)


def test_equals_the_formula_in_float64():
    depth, target = depth_batch(shape=(3, 20, 30))
    losses = []
    for one, truth in zip(depth.double().numpy(), target.double().numpy(), strict=True):
        losses.append(np.mean(np.abs(np.log(one[~np.isnan(truth)]) - np.log(truth[~np.isnan(truth)]))))
    assert LogL1Loss()(depth, target).item() == pytest.approx(np.mean(losses), rel=1e-5)


def test_one_wild_pixel_pulls_less_than_in_silog():
    _, target = depth_batch(unknown=0)

    def share_of_the_pull(loss):
        depth = target * 1.1
        depth[:, 0, 0] = target[:, 0, 0] * 8
        depth.requires_grad_()
        loss(depth, target).backward()
        pull = (depth.grad * depth.detach()).abs()  # by the logarithm of depth
        return float(pull[:, 0, 0].sum() / pull.sum())

    assert share_of_the_pull(LogL1Loss()) == pytest.approx(1 / target[0].numel())
    assert share_of_the_pull(SILogLoss(0.0)) > 5 * share_of_the_pull(LogL1Loss())
