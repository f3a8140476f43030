"""What every loss owes, whichever it is."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import losses
from losses import LOSSES, build_loss
from tests.losses.drawn import VOID, batch

SPECS = [*LOSSES, {"focal": 1.0, "dice": 1.0}, {"ce": 0.3, "dice": 2.0}, {"ohem": 1.0, "dice": 1.0}]
every_loss = pytest.mark.parametrize("spec", SPECS, ids=str)


def value_and_gradient(loss, logits, target):
    logits = logits.clone().requires_grad_()
    value = loss(logits, target)
    value.backward()
    return value.detach(), logits.grad


def test_an_entry_in_the_list_of_losses_is_all_that_a_new_one_takes(monkeypatch):
    monkeypatch.setitem(LOSSES, "mine", LOSSES["dice"])
    logits, target = batch()
    assert build_loss("mine")(logits, target) == build_loss("dice")(logits, target)


@every_loss
def test_better_logits_lower_it(spec):
    logits, target = batch()
    truth = torch.nn.functional.one_hot(target.clamp(max=4), 5).permute(0, 3, 1, 2)
    values = [build_loss(spec)(logits + gain * truth, target) for gain in (0, 1, 3, 10, 30)]
    assert all(better < worse for worse, better in pairwise(values))
    assert values[-1] < 0.01 < values[0]


@every_loss
def test_void_changes_neither_value_nor_gradient(spec):
    logits, target = batch()
    void = target == VOID
    value, gradient = value_and_gradient(build_loss(spec), logits, target)
    other = logits.clone()
    other.movedim(1, -1)[void] = torch.tensor([50.0, -50, 3, 0, 1])
    other_value, other_gradient = value_and_gradient(build_loss(spec), other, target)
    assert other_value == value
    assert torch.equal(other_gradient, gradient)
    assert (gradient.movedim(1, -1)[void] == 0).all()
    without = logits.movedim(1, 0)[:, ~void].view(1, 5, 1, -1)
    torch.testing.assert_close(build_loss(spec)(without, target[~void].view(1, 1, -1)), value)


@every_loss
@pytest.mark.parametrize("weighted", [False, True])
def test_void_alone_gives_zero_and_a_zero_gradient(spec, weighted):
    logits, target = batch(void=1.1)
    loss = build_loss(spec, class_weights=torch.arange(1.0, 6) if weighted else None)
    value, gradient = value_and_gradient(loss, logits, target)
    assert value == 0
    assert (gradient == 0).all()


@every_loss
def test_doubling_the_batch_changes_nothing(spec):
    logits, target = batch()
    value, gradient = value_and_gradient(build_loss(spec), logits, target)
    twice, half_gradient = value_and_gradient(build_loss(spec), torch.cat([logits] * 2), torch.cat([target] * 2))
    torch.testing.assert_close(twice, value)
    torch.testing.assert_close(half_gradient[:2] * 2, gradient)


@every_loss
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
@pytest.mark.parametrize("index", [0, 4])
def test_masks_of_one_class_stay_finite(spec, scale, index):
    logits, target = batch(void=0)
    value, gradient = value_and_gradient(build_loss(spec), logits * scale, torch.full_like(target, index))
    assert value.isfinite()
    assert value >= 0
    assert gradient.isfinite().all()
    right = torch.zeros_like(logits)
    right[:, index] = 1e4
    value, gradient = value_and_gradient(build_loss(spec), right, torch.full_like(target, index))
    assert value == pytest.approx(0, abs=1e-6)
    assert gradient.isfinite().all()


@every_loss
def test_auxiliary_logits_add_their_weighted_losses(spec):
    logits, target = batch()
    loss = build_loss(spec)
    expected = loss(logits, target) + 0.4 * (loss(logits.flip(1), target) + loss(-logits, target))
    torch.testing.assert_close(loss((logits, (logits.flip(1), -logits), 0.4), target), expected)


@every_loss
def test_uint8_targets_and_channels_last_give_the_same(spec):
    logits, target = batch()
    value = build_loss(spec)(logits, target)
    torch.testing.assert_close(build_loss(spec)(logits, target.to(torch.uint8)), value)
    torch.testing.assert_close(build_loss(spec)(logits.contiguous(memory_format=torch.channels_last), target), value)


@every_loss
def test_computes_in_float32_under_autocast(spec):
    logits, target = batch(shape=(2, 5, 40, 40))
    half = logits.bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        value, gradient = value_and_gradient(build_loss(spec), half, target)
    exact, exact_gradient = value_and_gradient(build_loss(spec), half.float(), target)
    assert value.dtype == torch.float32
    assert value == exact
    torch.testing.assert_close(gradient, exact_gradient.bfloat16())


@every_loss
@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**31),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 8), st.integers(1, 8)),
    void=st.sampled_from([0.0, 0.5, 0.95]),
    scale=st.sampled_from([1e-3, 1.0, 100.0]),
)
def test_any_batch_is_finite_not_negative_and_blind_to_order(spec, seed, shape, void, scale):
    logits, target = batch(seed, shape, void)
    value, gradient = value_and_gradient(build_loss(spec), logits * scale, target)
    assert value >= 0
    assert gradient.isfinite().all()
    # The softmax knows no common shift: the gradient of a pixel's logits sums to nothing.
    torch.testing.assert_close(gradient.sum(1), torch.zeros(target.shape), atol=1e-5, rtol=0)
    torch.testing.assert_close(build_loss(spec)(logits.flip(0, 3) * scale, target.flip(0, 2)), value)


@every_loss
def test_shapes_that_do_not_fit_are_named(spec):
    logits, target = batch()
    with pytest.raises(ValueError, match=r"logits \(2, 5, 7, 9\) and target \(2, 7, 8\) do not match"):
        build_loss(spec)(logits, target[..., :-1])


@every_loss
def test_nothing_is_read_back_from_the_device(spec):
    """So it can be captured in a CUDA graph. Meta tensors have only shapes: a look at a number fails on them."""
    logits, target = torch.empty(2, 5, 8, 8, device="meta"), torch.empty(2, 8, 8, dtype=torch.long, device="meta")
    loss = build_loss(spec, torch.ones(5)).to("meta")
    assert loss.from_log_probs(logits.log_softmax(1), target).shape == ()


def test_every_loss_file_has_80_lines_at_most():
    files = list(Path(losses.__file__).parent.glob("*.py"))
    assert len(files) >= 6
    assert {file.name: n for file in files if (n := len(file.read_text().splitlines())) > 80} == {}
