"""Augmentation on the device beside what albumentations makes of the same numbers."""

import albumentations as A
import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from camvid.augmented import WholeFrames
from camvid.cache import FrameCache
from camvid.loaders import train_loader
from camvid.on_device import POLICIES, TO_YIQ, DeviceAugmentation, _color, _constants
from camvid.transforms import MASKS

FRAME = (60, 80)
RNG = np.random.default_rng(0)
MASK = RNG.integers(0, 11, FRAME).astype(np.uint8)
IMAGE = cv2.GaussianBlur(RNG.integers(0, 256, (*FRAME, 3)).astype(np.uint8), (5, 5), 2)
BATCH = torch.from_numpy(IMAGE).permute(2, 0, 1)[None], torch.from_numpy(MASK)[None]


MARGIN = 90  # pixels by which a box may reach beyond the frame


@st.composite
def boxes(draw, margin=0):
    sides = [side + 2 * margin for side in FRAME]
    height, width = draw(st.integers(5, sides[0])), draw(st.integers(5, sides[1]))
    top, left = draw(st.integers(0, sides[0] - height)), draw(st.integers(0, sides[1] - width))
    return top - margin, left - margin, height, width


def clear(length, size):
    """Positions whose centre falls on no edge between two pixels, of which each is as near as the other."""
    return ((2 * np.arange(size) + 1) * length % (2 * size)).nonzero()[0]


@given(boxes() | boxes(MARGIN), st.booleans(), st.sampled_from([(32, 64), (33, 41), FRAME, (96, 128)]))
def test_crops_and_flips_are_those_of_albumentations(box, flipped, size):
    top, left, height, width = box
    left, top = left + MARGIN, top + MARGIN
    padded = np.pad(IMAGE, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge")
    void = np.pad(MASK, MARGIN, constant_values=255)
    steps = [
        A.Crop(left, top, left + width, top + height),
        A.Resize(*size, interpolation=cv2.INTER_LINEAR, mask_interpolation=MASKS),
        *([A.HorizontalFlip(p=1.0)] if flipped else []),
    ]
    expected = A.Compose(steps)(image=padded, mask=void)
    numbers = torch.tensor([[*box, flipped, 1, 1, 1, 0]], dtype=torch.float64)
    images, masks = DeviceAugmentation("crop", size, (0.3, 1.0))(*BATCH, numbers)
    columns = clear(width, size[1])
    where = np.ix_(clear(height, size[0]), size[1] - 1 - columns if flipped else columns)
    assert np.array_equal(masks[0].numpy()[where], expected["mask"][where])
    assert np.abs(images[0].permute(1, 2, 0).numpy() - expected["image"]).max() < 1.5  # there, whole numbers


def test_nothing_is_changed_by_the_policy_none():
    augmentation = DeviceAugmentation("none", FRAME, (0.3, 1.0))
    images, masks = augmentation(*BATCH, augmentation.draw(1, FRAME)[None])
    assert torch.equal(masks, BATCH[1])
    assert torch.allclose(images, BATCH[0].float(), atol=1e-2)


@pytest.mark.parametrize(
    ("colors", "name"),
    [((1.2, 1, 1, 0), "brightness"), ((1, 0.75, 1, 0), "contrast"), ((1, 1, 0.7, 0), "saturation")],
)
def test_colours_are_those_of_albumentations(colors, name):
    image = (IMAGE * 0.3 + 90).astype(np.uint8)  # far from black and white, where numbers are cut
    factors = {"brightness": (1, 1), "contrast": (1, 1), "saturation": (1, 1), "hue": (0, 0)}
    factors[name] = (max(colors[:3]), max(colors[:3])) if name == "brightness" else (min(colors[:3]), min(colors[:3]))
    expected = A.ColorJitter(**factors, p=1.0)(image=image)["image"]
    batch = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    colored = _color(batch, torch.tensor([colors]).float())[0].permute(1, 2, 0).numpy()
    assert np.abs(colored - image).max() > 5
    assert np.abs(colored - expected).max() < 2


def test_the_constants_are_made_once_and_turn_colours_as_yiq_does():
    grey, identity, there, back = _constants(torch.device("cpu"))
    assert _constants(torch.device("cpu"))[3] is back
    assert torch.equal(back, torch.linalg.inv(torch.tensor(TO_YIQ)))
    assert torch.allclose(back @ there, identity, atol=1e-6)
    assert torch.equal(there[:1], grey)


def test_a_turn_of_the_hue_keeps_greys_and_comes_back():
    grey = torch.full((1, 3, 4, 4), 90.0)
    assert torch.allclose(_color(grey, torch.tensor([[1, 1, 1, 0.3]])), grey, atol=1e-3)
    image = BATCH[0].float() * 0.2 + 100
    there = _color(image, torch.tensor([[1, 1, 1, 0.25]]))
    back = _color(there, torch.tensor([[1, 1, 1, -0.25]]))
    assert (there - image).abs().max() > 3
    assert torch.allclose(back, image, atol=1e-2)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_batch_is_augmented_as_each_of_its_frames(policy):
    augmentation = DeviceAugmentation(policy, (32, 64), (0.3, 1.0))
    numbers = torch.stack([augmentation.draw(seed, FRAME) for seed in range(6)])
    images, masks = augmentation(BATCH[0].expand(6, -1, -1, -1), BATCH[1].expand(6, -1, -1), numbers)
    assert (images.shape, masks.shape, masks.dtype) == ((6, 3, 32, 64), (6, 32, 64), torch.uint8)
    assert images.min() >= 0
    assert images.max() <= 255
    for i in range(6):
        image, mask = augmentation(*BATCH, numbers[i : i + 1])
        assert torch.equal(mask[0], masks[i])
        assert torch.allclose(image[0], images[i], atol=1e-2)
    assert len({mask.numpy().tobytes() for mask in masks}) == {"none": 1, "flip": 2}.get(policy, 6)


def test_the_numbers_have_one_type_whether_colours_change_or_not():
    """Else the batches of loader processes, which take the type of the first frame, would differ from others."""
    augmentation = DeviceAugmentation("color", (32, 64), (0.3, 1.0))
    numbers = [augmentation.draw(seed, FRAME) for seed in range(20)]
    assert {tuple(drawn[5:].tolist()) == (1, 1, 1, 0) for drawn in numbers} == {True, False}
    assert {drawn.dtype for drawn in numbers} == {torch.float32}


@given(st.integers(0, 2**31 - 1), st.sampled_from([(0.25, 1.0), (0.05, 0.1), (1.0, 1.0)]))
def test_crops_lie_in_the_frame_with_the_share_asked_for(seed, crops):
    augmentation = DeviceAugmentation("crop", (32, 64), crops)
    top, left, height, width = augmentation.draw(seed, FRAME)[:4].tolist()
    assert 0 <= top <= FRAME[0] - height
    assert 0 <= left <= FRAME[1] - width
    whole = (height, width) == FRAME
    assert whole or crops[0] * 0.8 <= height * width / (FRAME[0] * FRAME[1]) <= crops[1] * 1.2
    assert whole or 0.75 <= width / height / 2 <= 1.35
    assert torch.equal(augmentation.draw(seed, FRAME), augmentation.draw(seed, FRAME))


def test_the_loader_brings_whole_frames_whatever_its_workers():
    cache = FrameCache(np.stack([IMAGE] * 4), np.stack([MASK] * 4), np.zeros((4, 11), np.int64))

    def load(workers):
        loader = train_loader(
            cache, augment="color", size=(32, 64), crop_min=0.3, crop_max=1.0, batch_size=2, seed=1, workers=workers,
            augment_on="device",
        )  # fmt: skip
        assert loader.finish is not None
        return [loader.finish(*batch) for batch in loader]

    frames = train_loader(
        cache, augment="color", size=(32, 64), crop_min=0.3, crop_max=1.0, batch_size=2, seed=1, augment_on="device"
    ).dataset
    assert isinstance(frames, WholeFrames)
    image, mask = frames.parts((7, 1))
    assert (image.shape, image.dtype, mask.shape, mask.dtype) == ((3, 32, 64), torch.uint8, (32, 64), torch.uint8)
    for alone, helped in zip(load(0), load(1), strict=True):
        assert torch.equal(alone[0], helped[0])
        assert torch.equal(alone[1], helped[1])


def test_a_policy_of_the_loader_alone_is_refused():
    with pytest.raises(
        ValueError, match="augment='weather' runs only in the loader: take augment_on=loader, or one of"
    ):
        DeviceAugmentation("weather", (32, 64), (0.3, 1.0))
