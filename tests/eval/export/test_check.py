import math

import pytest
import torch
from torch import nn

from eval.export import ExportError, verify
from eval.export.check import drawn_images


def model(images):
    """Three logits a pixel: the image."""
    return 10 * images


def test_equal_models_agree():
    found = verify(model, model, [(8, 12), (9, 7), (8, 12)])
    assert [(one.batch, one.size, one.apart, one.same) for one in found] == [(1, (8, 12), 0, 1), (2, (9, 7), 0, 1)]
    assert found[0].largest == pytest.approx(10 * float(drawn_images(1, (8, 12)).max()))


def test_images_are_the_same_every_time_and_lie_in_range():
    first = drawn_images(2, (40, 60))
    assert torch.equal(first, drawn_images(2, (40, 60)))
    assert not torch.equal(first, drawn_images(2, (40, 60), seed=1))
    assert 0 <= first.min() < 0.2 < 0.8 < first.max() <= 1
    assert not torch.equal(first[0], first[1])


def swapped(share):
    """Right but for a share of the rows, where two classes are swapped."""

    def predict(images):
        logits = model(images).clone()
        rows = round(share * logits.shape[2])
        logits[:, :, :rows] = logits[:, [1, 2, 0], :rows]
        return logits

    return predict


def test_other_classes_are_refused():
    with pytest.raises(
        ExportError, match=r"at 200x30 only 9\d\.\d\d% of the pixels get the same class as from the model; 99\.9%"
    ):
        verify(model, swapped(0.01), [(200, 30)])


@pytest.mark.parametrize("error", [0.02, 1.0, math.nan])
def test_other_logits_are_refused(error):
    with pytest.raises(ExportError, match=r"at 8x12 (logits differ by up to|only 0\.00%|only)"):
        verify(model, lambda images: model(images) + error, [(8, 12)])


def test_rounding_is_allowed():
    (found,) = verify(model, lambda images: model(images) + 1e-4, [(64, 96)])
    assert found.apart == pytest.approx(1e-4, rel=0.1)
    assert found.same == 1


def refuses_odd_sizes(images):
    if images.shape[-1] % 2:
        raise RuntimeError("bad width\nand a long story")
    return model(images)


def test_a_size_that_is_refused_is_named():
    with pytest.raises(ExportError, match=r"^the exported file fails on images of 8x11 \(bad width\)$"):
        verify(model, refuses_odd_sizes, [(8, 12), (8, 11)])


def test_another_shape_is_refused():
    with pytest.raises(ExportError, match=r"logits \(1, 3, 4, 6\), but the model returns \(1, 3, 8, 12\)"):
        verify(model, nn.AvgPool2d(2), [(8, 12)])
