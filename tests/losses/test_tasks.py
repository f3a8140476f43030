"""The sum of the losses of several tasks."""

import math
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from losses import TaskLoss, build_depth_loss, build_loss
from tests.losses.drawn import VOID, batch, depth_batch


class Outputs(NamedTuple):
    logits: Tensor | None = None
    depth: Tensor | None = None
    log_variances: Tensor | None = None


def build(task_weights="learned"):
    return TaskLoss(build_loss("ce"), build_depth_loss("silog"), task_weights)


@pytest.fixture
def drawn():
    """Logits and depth that want a gradient, masks and depths."""
    (logits, masks), (depth, depths) = batch(), depth_batch()
    return logits.requires_grad_(), depth.requires_grad_(), masks, depths


def parts(drawn):
    logits, depth, masks, depths = drawn
    return build_loss("ce")(logits, masks), build_depth_loss("silog")(depth, depths)


def test_a_sum_weighted_by_numbers(drawn):
    logits, depth, masks, depths = drawn
    segmentation, distance = parts(drawn)
    outputs = Outputs(logits, depth)
    torch.testing.assert_close(build({"depth": 3.0})(outputs, masks, depths), segmentation + 3 * distance)
    loss = build({"segmentation": 0.5, "depth": 2})
    torch.testing.assert_close(loss(outputs, masks, depths), 0.5 * segmentation + 2 * distance)
    assert loss.parts == {
        "loss/segmentation": segmentation,
        "loss/depth": distance,
        "weight/segmentation": 0.5,
        "weight/depth": 2.0,
    }


def test_learned_weights_by_hand(drawn):
    logits, depth, masks, depths = drawn
    segmentation, distance = parts(drawn)
    s = torch.tensor([math.log(2), math.log(0.25)], requires_grad=True)
    loss = build()
    value = loss(Outputs(logits, depth, s), masks, depths)
    torch.testing.assert_close(value, segmentation / 2 + 4 * distance + math.log(2) / 2 + math.log(0.25) / 2)
    value.backward()
    torch.testing.assert_close(s.grad, torch.stack([0.5 - segmentation / 2, 0.5 - 4 * distance]).detach())
    assert [loss.parts[f"weight/{task}"].item() for task in ("segmentation", "depth")] == pytest.approx([0.5, 4])
    assert not any(part.requires_grad for part in loss.parts.values())


def test_learned_weights_settle_where_both_tasks_count_alike(drawn):
    logits, depth, masks, depths = drawn
    s = torch.zeros(2, requires_grad=True)
    optimiser, loss = torch.optim.Adam([s], lr=0.05), build()
    for _ in range(400):
        optimiser.zero_grad()
        loss(Outputs(logits.detach(), depth.detach(), s), masks, depths).backward()
        optimiser.step()
    for task, value in zip(("segmentation", "depth"), parts(drawn), strict=True):
        assert loss.parts[f"weight/{task}"].item() * value.item() == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("missing", ["segmentation", "depth"])
def test_a_task_without_truth_in_a_batch_counts_nothing_and_its_weight_waits(drawn, learned, missing):
    logits, depth, masks, depths = drawn
    s = torch.tensor([0.3, -0.7], requires_grad=True) if learned else None
    truth = [torch.full_like(masks, VOID), depths] if missing == "segmentation" else [masks, depths * torch.nan]
    loss = build("learned" if learned else {"segmentation": 2.0})
    value = loss(Outputs(logits, depth, s), *truth)
    value.backward()
    absent, present = (logits, depth) if missing == "segmentation" else (depth, logits)
    assert absent.grad is not None  # in the graph, so several processes can add up their gradients
    assert not absent.grad.any()
    assert present.grad.abs().sum() > 0
    assert math.isnan(loss.parts[f"loss/{missing}"])
    place = ("segmentation", "depth").index(missing)
    other = parts(drawn)[1 - place].detach()
    if s is None:
        torch.testing.assert_close(value, other * [2.0, 1.0][1 - place])
    else:
        torch.testing.assert_close(value.detach(), other * (-s[1 - place]).exp().detach() + s[1 - place].detach() / 2)
        assert s.grad is not None
        assert s.grad[place] == 0 != s.grad[1 - place]


def test_a_batch_without_any_truth_gives_zero(drawn):
    logits, depth, masks, depths = drawn
    s = torch.tensor([0.3, -0.7], requires_grad=True)
    value = build()(Outputs(logits, depth, s), torch.full_like(masks, VOID), depths * torch.nan)
    assert value == 0
    assert not any(gradient.any() for gradient in torch.autograd.grad(value, (logits, depth, s)))


def test_one_task_alone_is_its_own_loss(drawn):
    logits, depth, masks, depths = drawn
    assert build()(Outputs(logits), masks) == parts(drawn)[0]
    assert build()(Outputs(logits), masks, depths) == parts(drawn)[0]
    assert build()(Outputs(depth=depth), masks, depths) == parts(drawn)[1]


def test_a_task_that_is_unknown_is_named():
    with pytest.raises(ValueError, match="task_weights: 'normals' is unknown; choose from segmentation, depth"):
        build({"normals": 1.0})
