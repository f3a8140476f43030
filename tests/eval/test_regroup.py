"""A model that is judged by other classes."""

import torch
from torch import nn

from eval.inference import label_mask
from eval.regroup import Regrouped
from tests.eval.measured import DepthColorModel

NONE = 255


class Fixed(nn.Module):
    """Always these logits (C, h, w)."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, images):
        return self.logits.expand(len(images), *self.logits.shape)


def predicted(logits, meant, count, size=(1, 3)):
    return label_mask(Regrouped(Fixed(logits), meant, count)(torch.zeros(2, 3, 1, 3))[1], size)


def test_the_best_of_a_group_stands_for_it():
    logits = torch.tensor([[[0.0, 3, 1]], [[2.0, 1, 2]], [[1.0, 2, 3]]])  # three classes, three pixels
    assert predicted(logits, [0, 1, 0], 2).tolist() == [[1, 0, 0]]


def test_what_has_no_counterpart_leaves_its_pixels_to_the_next_best():
    logits = torch.tensor([[[9.0, 9, 9]], [[2.0, 1, 2]], [[1.0, 2, 3]]])
    assert predicted(logits, [NONE, 1, 0], 2).tolist() == [[1, 0, 0]]


def test_a_class_that_nothing_means_is_never_predicted():
    torch.manual_seed(0)
    logits = torch.randn(3, 4, 5).bfloat16() * 1000
    found = predicted(logits, [2, 0, 2], 3, size=(16, 20))
    assert set(found.unique().tolist()) == {0, 2}


def test_depth_stays_beside_the_regrouped_classes():
    model = DepthColorModel(focal=7.0)
    image = torch.rand(1, 3, 4, 6)
    regrouped = Regrouped(model, [0] * 5 + [1] * 6, 2)
    assert regrouped.focal == 7
    assert regrouped(image).logits.shape == (1, 2, 4, 6)
    assert torch.equal(regrouped(image).depth, model(image).depth)
    assert Regrouped(DepthColorModel(classes=False), [0] * 11, 1)(image).logits is None


def test_what_is_not_finite_stays_so():
    assert (
        not Regrouped(Fixed(torch.full((2, 1, 3), float("nan"))), [0, 1], 3)(torch.zeros(1, 3, 1, 3)).isfinite().any()
    )
