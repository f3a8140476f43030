import math

import pytest
import torch
from torch import nn

from eval.export import ExportError, verify
from eval.export.check import drawn_images
from eval.inference import Outputs


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


def of_depth(images, factor=1.0):
    """Metres, and no classes."""
    return Outputs(depth=factor * (1 + images.sum(1)))


def joint(images, factor=1.0):
    """Logits and metres."""
    return Outputs(model(images), of_depth(images, factor).depth)


@pytest.mark.parametrize("right", [of_depth, joint])
def test_depth_that_is_equal_or_rounded_agrees(right):
    (found,) = verify(right, lambda images: right(images, 1 + 1e-4), [(8, 12)])
    assert found.depth == pytest.approx(1e-4, rel=0.01)
    assert math.isnan(found.same) is math.isnan(found.apart) is (right is of_depth)


@pytest.mark.parametrize("right", [of_depth, joint])
@pytest.mark.parametrize("factor", [1.002, 0.5, math.nan])
def test_other_depth_is_refused(right, factor):
    with pytest.raises(ExportError, match=r"^at 8x12 depth differs by up to (0\.2|50\.|nan).*%; 0\.1% are allowed$"):
        verify(right, lambda images: right(images, factor), [(8, 12)])


def test_other_classes_beside_the_same_depth_are_refused():
    with pytest.raises(ExportError, match="at 200x30 only 9"):
        verify(joint, lambda images: joint(images)._replace(logits=swapped(0.01)(images)), [(200, 30)])


@pytest.mark.parametrize(
    ("right", "other", "message"),
    [
        (joint, model, r"depth none, but the model returns \(1, 8, 12\)"),
        (joint, of_depth, r"logits none, but the model returns \(1, 3, 8, 12\)"),
        (model, joint, r"depth \(1, 8, 12\), but the model returns none"),
        (of_depth, lambda images: of_depth(images[..., 1:]), r"depth \(1, 8, 11\), but the model returns \(1, 8, 12\)"),
    ],
)
def test_an_output_that_is_missing_or_of_another_shape_is_refused(right, other, message):
    with pytest.raises(ExportError, match=f"^the exported file returns {message}$"):
        verify(right, other, [(8, 12)])
