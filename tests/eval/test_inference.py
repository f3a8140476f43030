import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from camvid.transforms import resize_image as resize_for_training
from eval.inference import autocast, evaluating, label_mask, label_masks, predict_mask, predict_outputs, resize_image
from tests.eval.drawn import ColorModel, paint, street

SIDES = st.integers(1, 40)


def assert_highest(labels, logits, size):
    """No class has a higher upsampled logit at a pixel than its label, but for rounding."""
    assert (labels.shape, labels.dtype) == (size, torch.uint8)
    scores = functional.interpolate(logits[None].double(), size, mode="bilinear", align_corners=False)[0]
    assert (scores.amax(0) - scores.gather(0, labels[None].long())[0]).max() < 1e-4


@settings(max_examples=80)
@given(st.integers(1, 33), SIDES, SIDES, SIDES, SIDES, st.booleans(), st.integers(0, 2**31))
def test_labels_are_the_argmax_of_the_upsampled_logits(channels, h, w, height, width, channels_last, seed):
    torch.manual_seed(seed)
    logits = torch.randint(-3, 3, (1, channels, h, w)).float()
    if channels_last:
        logits = logits.contiguous(memory_format=torch.channels_last)
    assert_highest(label_mask(logits[0], (height, width)), logits[0], (height, width))
    assert torch.equal(label_mask(logits[0], (h, w)).long(), logits[0].argmax(0))  # ties included


@pytest.mark.parametrize("size", [(300, 400), (301, 399), (1024, 65), (64, 1025)])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_labels_of_large_images_are_the_argmax_as_well(size, memory_format):
    torch.manual_seed(0)
    logits = torch.randint(-3, 3, (1, 11, size[0] // 3, size[1] // 2)).float()
    assert_highest(label_mask(logits.contiguous(memory_format=memory_format)[0], size), logits[0], size)


@pytest.mark.parametrize("size", [(8, 9), (300, 400)])
def test_labels_of_a_batch_are_those_of_its_images_also_as_a_gpu_gets_them(size, monkeypatch):
    torch.manual_seed(0)
    logits = torch.randn(5, 11, 8, 9)
    expected = torch.stack([label_mask(each, size) for each in logits])
    assert torch.equal(label_masks(logits, size), expected)
    monkeypatch.setattr("eval.inference.computes_beside", lambda _: True)
    monkeypatch.setattr("eval.inference.TOGETHER", 2 * 11 * size[0] * size[1])
    assert torch.equal(label_masks(logits, size), expected)


def test_labels_stay_on_the_device():
    labels = label_masks(torch.empty(2, 11, 8, 9, device="meta"), (16, 20))
    assert (labels.shape, labels.dtype, labels.device.type) == ((2, 16, 20), torch.uint8, "meta")
    image = np.zeros((8, 9, 3), np.uint8)
    logits = predict_outputs(nn.Conv2d(3, 4, 1, device="meta"), [image, image], "meta").logits
    assert logits is not None and (logits.shape, logits.device.type) == ((2, 4, 8, 9), "meta")


def test_labels_leave_the_logits_alone():
    logits = torch.randn(5, 8, 9)
    before = logits.clone()
    label_mask(logits, (8, 9))
    assert torch.equal(logits, before)


def test_images_reach_the_model_in_unit_range_and_rgb_order():
    class Spy(nn.Module):
        def forward(self, image):
            self.seen = image
            return image

    image = np.zeros((4, 6, 3), dtype=np.uint8)
    image[..., 0] = 255
    image[0, 0, 2] = 51
    spy = Spy()
    logits = predict_outputs(spy, [image, image]).logits
    assert logits is not None
    assert logits.shape == (2, 3, 4, 6)
    assert spy.seen[0, :, 0, 0].tolist() == pytest.approx([1, 0, 0.2])
    assert spy.seen.is_contiguous(memory_format=torch.channels_last)


def test_bf16_is_in_effect_and_logits_come_back_as_float32():
    class Spy(nn.Conv2d):
        def forward(self, image):
            self.kind = super().forward(image).dtype
            return super().forward(image)

    image = [np.zeros((8, 8, 3), dtype=np.uint8)]
    kinds = {}
    for precision in ("fp32", "bf16"):
        spy = Spy(3, 2, 1)
        logits = predict_outputs(spy, image, precision=precision).logits
        assert logits is not None and logits.dtype == torch.float32
        kinds[precision] = spy.kind
    assert kinds == {"fp32": torch.float32, "bf16": torch.bfloat16}


def test_unknown_precision_lists_the_choices():
    with pytest.raises(ValueError, match=r"precision='fp16' is unknown; choose from fp32, bf16"):
        autocast("cpu", "fp16")


def test_every_module_gets_its_own_mode_back():
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout())
    model.train()
    model[0].eval()  # frozen
    with pytest.raises(RuntimeError, match="stop"), evaluating(model):
        assert not any(module.training for module in model.modules())
        assert torch.is_inference_mode_enabled()
        raise RuntimeError("stop")
    assert [module.training for module in model.modules()] == [True, False, True]
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("size", [None, (48, 64), (33, 47), (96, 128)])
def test_a_mask_has_its_images_own_size(size):
    labels = street()
    mask = predict_mask(ColorModel(), paint(np.where(labels == 255, 0, labels)), size)
    assert mask.shape == labels.shape
    assert mask.dtype == np.uint8
    agreement = (mask == labels)[labels != 255].mean()
    assert agreement > (0.9 if size == (33, 47) else 0.99)
    if size is None:
        assert agreement == 1


def test_resizing_averages_areas():
    image = np.zeros((4, 4, 3), dtype=np.uint8)
    image[:2, :2] = 200
    image[0, 0] = 0
    assert resize_image(image, (2, 2))[..., 0].tolist() == [[150, 0], [0, 0]]
    assert resize_image(image, (4, 4)) is image
    assert resize_image(image, None) is image
    assert resize_image(image, (8, 2)).shape == (8, 2, 3)


def test_prepares_images_as_training_does():
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    for size in ((64, 96), (128, 160), (96, 96)):
        assert np.array_equal(resize_image(image, size), resize_for_training(image, size))
