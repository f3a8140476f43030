import pytest
import torch

from losses import LOSSES, CrossEntropyLoss, DiceLoss, FocalLoss, WeightedLoss, build_loss
from tests.losses.drawn import batch

WEIGHTS = torch.tensor([0.5, 1.0, 3.0, 7.0, 2.0])


def test_is_the_weighted_sum_of_its_terms():
    logits, target = batch()
    both = build_loss({"focal": 0.5, "dice": 2, "ce": 3.0}, class_weights=WEIGHTS, focal_gamma=1.5)
    expected = (
        0.5 * FocalLoss(WEIGHTS, gamma=1.5)(logits, target)
        + 2 * DiceLoss()(logits, target)
        + 3 * CrossEntropyLoss(WEIGHTS)(logits, target)
    )
    torch.testing.assert_close(both(logits, target), expected)


def test_a_sum_of_one_term_keeps_its_weight():
    logits, target = batch()
    torch.testing.assert_close(build_loss({"dice": 0.5})(logits, target), 0.5 * build_loss("dice")(logits, target))


@pytest.mark.parametrize("name", LOSSES)
def test_a_name_alone_builds_that_loss(name):
    assert type(build_loss(name)) is type(build_loss({name: 1})) is LOSSES[name]


def test_every_term_gets_the_ignore_index():
    logits, target = batch(void=0)
    loss = build_loss({"ce": 1.0, "focal": 1.0, "dice": 1.0}, ignore_index=2)
    changed = logits.clone()
    changed.movedim(1, -1)[target == 2] = 30.0 * torch.eye(5)[0]
    torch.testing.assert_close(loss(changed, target), loss(logits, target), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("lovasz", "loss: 'lovasz' is unknown; choose from ce, focal, ohem, boundary, dice"),
        ({"ce": 1.0, "lovasz": 1.0}, "'lovasz' is unknown"),
        ({}, "does not name a loss; choose from ce, focal, ohem, boundary, dice"),
        ({"ce": 0.0}, "weight 0.0 of 'ce' is not allowed"),
        ({"ce": -1.0}, "weight -1.0 of 'ce' is not allowed"),
        ({"ce": float("nan")}, "weight nan of 'ce' is not allowed"),
        ({"ce": True}, "weight True of 'ce' is not allowed"),
        ({"ce": "much"}, "weight 'much' of 'ce' is not allowed"),
    ],
)
def test_a_spec_that_makes_no_sense_is_named(spec, message):
    with pytest.raises(ValueError, match=message):
        build_loss(spec)


@pytest.mark.parametrize("weights", [[1.0, -1.0], [0.0, 0.0], [1.0, float("inf")], [[1.0]]])
def test_class_weights_that_make_no_sense_are_named(weights):
    with pytest.raises(ValueError, match=r"class_weights: .* is not allowed; give a finite number >= 0 per class"):
        build_loss("ce", class_weights=torch.tensor(weights))


def test_class_weights_of_another_number_of_classes_are_named():
    logits, target = batch()
    for spec in ("ce", {"ce": 1.0, "dice": 1.0}):
        with pytest.raises(ValueError, match="class_weights has 3 numbers, but the logits have 5 classes"):
            build_loss(spec, class_weights=torch.ones(3))(logits, target)


def test_class_weights_are_moved_but_not_saved_with_a_model():
    loss = build_loss({"ce": 1.0, "dice": 1.0}, class_weights=WEIGHTS)
    assert isinstance(loss, WeightedLoss)
    assert loss.state_dict() == {}
    assert {buffer.device.type for buffer in loss.to("meta").buffers()} == {"meta"}
