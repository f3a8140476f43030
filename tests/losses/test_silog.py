import math

import numpy as np
import pytest
import torch

from losses import build_depth_loss
from losses.silog import SILogLoss
from tests.losses.drawn import depth_batch


def test_by_hand():
    # Errors of log depth in the first image: ln 2 and 0, so mean(d²) = ln²2 / 2 and mean(d)² = ln²2 / 4.
    depth = torch.tensor([[[2.0, 5.0, 9.0]], [[6.0, 1.0, 1.0]]])
    target = torch.tensor([[[1.0, 5.0, math.nan]], [[2.0, math.nan, math.nan]]])
    first = math.log(2) * math.sqrt(1 / 2 - 0.85 / 4)
    second = math.log(3) * math.sqrt(0.15)  # a single pixel: only its scale is wrong
    assert SILogLoss()(depth, target).item() == pytest.approx((first + second) / 2, abs=2e-6)


@pytest.mark.parametrize("focus", [0.0, 0.5, 0.85])
def test_equals_the_formula_in_float64(focus):
    depth, target = depth_batch(shape=(3, 20, 30))
    losses = []
    for one, truth in zip(depth.double().numpy(), target.double().numpy(), strict=True):
        error = np.log(one[~np.isnan(truth)]) - np.log(truth[~np.isnan(truth)])
        losses.append(np.sqrt(np.mean(error**2) - focus * np.mean(error) ** 2))
    assert SILogLoss(focus)(depth, target).item() == pytest.approx(np.mean(losses), rel=1e-5)


def test_an_error_of_scale_counts_less_than_one_of_shape():
    _, target = depth_batch(unknown=0)
    scale = 1.2 ** torch.ones_like(target)
    shape = torch.where(torch.arange(9) % 2 == 0, scale, 1 / scale)
    loss = build_depth_loss("silog")
    assert loss(target * scale, target) < 0.5 * loss(target * shape, target)
    torch.testing.assert_close(SILogLoss(0.0)(target * scale, target), torch.tensor(math.log(1.2)))


@pytest.mark.parametrize("focus", [-0.1, 1.0, math.nan])
def test_a_focus_that_makes_no_sense(focus):
    with pytest.raises(ValueError, match=r"focus: .* is not allowed; use a number >= 0 and < 1"):
        SILogLoss(focus)
