import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
from sklearn.metrics import f1_score

from losses import DiceLoss
from tests.losses.drawn import batch


def test_by_hand():
    # p(class 0) = 0.5, 0.5, 0.8 on three pixels of class 0, 1, 1; class 2 is absent, the fourth pixel void.
    p = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.8, 0.1, 0.1], [0.0, 0.0, 1.0]])
    logits = p.clamp(min=1e-30).log().T.view(1, 3, 2, 2)
    target = torch.tensor([[[0, 1], [1, 255]]])
    dice_0 = 2 * 0.5 / (0.5 + 0.5 + 0.8 + 1)
    dice_1 = 2 * (0.5 + 0.1) / (0.5 + 0.5 + 0.1 + 2)
    assert DiceLoss()(logits, target).item() == pytest.approx(1 - (dice_0 + dice_1) / 2)


@pytest.mark.parametrize("void", [0.0, 0.3])
def test_equals_the_formula_in_float64(void):
    logits, target = batch(void=void)
    target[target == 3] = 255  # a class that is absent
    valid = target.numpy() != 255
    p = np.exp(logits.double().numpy())
    p = np.moveaxis(p / p.sum(axis=1, keepdims=True), 1, -1)[valid]  # (pixels, C)
    truth = np.eye(5)[target.numpy()[valid]]
    dice = 2 * (p * truth).sum(0) / (p.sum(0) + truth.sum(0))
    assert DiceLoss()(logits, target).item() == pytest.approx(1 - dice[[0, 1, 2, 4]].mean(), rel=1e-5)


def test_equals_smp_where_every_class_is_present_and_nothing_void():
    logits, target = batch(void=0)
    assert len(target.unique()) == 5
    torch.testing.assert_close(DiceLoss()(logits, target), smp.losses.DiceLoss("multiclass")(logits, target))


def test_hard_predictions_give_the_f1_score_over_the_classes_present():
    logits, target = batch()
    target[target == 3] = 255
    valid = target != 255
    hard = torch.nn.functional.one_hot(logits.argmax(1), 5).permute(0, 3, 1, 2) * 1e4
    f1 = f1_score(target[valid], logits.argmax(1)[valid], labels=[0, 1, 2, 4], average="macro")
    assert DiceLoss()(hard, target).item() == pytest.approx(1 - f1, abs=1e-5)


def test_an_absent_class_predicted_nowhere_or_somewhere_leaves_the_mean():
    target = torch.zeros(1, 4, 4, dtype=torch.int64)
    logits = torch.zeros(1, 3, 4, 4)
    logits[:, 0] = 100
    assert DiceLoss()(logits, target).item() == pytest.approx(0, abs=1e-6)
    logits[0, 1, 0] = 200  # a quarter of the pixels go to an absent class: 1 - 2 * 12 / (12 + 16)
    assert DiceLoss()(logits, target).item() == pytest.approx(1 - 24 / 28)
