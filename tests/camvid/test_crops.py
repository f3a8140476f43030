"""Which part of a frame a training image shows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from camvid.augmented import TrainFrames, WholeFrames
from camvid.cache import FrameCache
from camvid.crops import Crops, Rare, rare_pixels
from camvid.loaders import train_loader
from camvid.on_device import DeviceAugmentation
from camvid.transforms import build_augmentation

FRAME = (60, 80)
SIZE = (48, 64)


def draws(crops, count=2000, frame=FRAME):
    return np.array([crops.draw(np.random.default_rng(seed), frame, frame) for seed in range(count)]).T


def test_beyond_the_frame_the_scale_is_uniform():
    _, _, height, width = draws(Crops(SIZE, (0.25, 4.0)))
    scales = (height * width / (FRAME[0] * FRAME[1])) ** -0.5
    assert scales.min() == pytest.approx(0.5, abs=0.02)
    assert scales.max() == pytest.approx(2.0, abs=0.05)
    shares = np.histogram(scales, bins=6, range=(0.5, 2.0))[0] / len(scales)
    assert np.abs(shares - 1 / 6).max() < 0.04  # 2000 draws: a standard deviation of 0.008


def test_within_the_frame_the_area_is_uniform():
    _, _, height, width = draws(Crops(SIZE, (0.2, 0.6)))
    shares = np.histogram(height * width / (FRAME[0] * FRAME[1]), bins=4, range=(0.2, 0.6))[0] / 2000
    assert np.abs(shares - 1 / 4).max() < 0.05


def test_a_box_lies_in_the_frame_or_holds_its_whole_side():
    top, left, height, width = draws(Crops(SIZE, (0.25, 4.0)))
    for start, length, side in ((top, height, FRAME[0]), (left, width, FRAME[1])):
        smaller = length <= side
        assert smaller.any()
        assert not smaller.all()
        assert ((start >= 0) & (start + length <= side))[smaller].all()
        assert ((start <= 0) & (start + length >= side))[~smaller].all()
        large = length > 1.5 * side
        assert len(set((start[large] / (side - length[large])).round(1))) >= 10  # anywhere


def frames(count=1):
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (count, *FRAME, 3)).astype(np.uint8)
    masks = rng.integers(0, 4, (count, *FRAME)).astype(np.uint8)
    counts = np.stack([np.bincount(mask.ravel(), minlength=4) for mask in masks])
    return FrameCache(images, masks, counts)


@pytest.mark.parametrize("areas", [(0.25, 1.0), (0.25, 4.0)])
def test_loader_and_device_show_the_same_part_for_a_seed(areas):
    """The flips are drawn in different ways, so one of both orientations agrees. Four pixels are rounded elsewhere."""
    cache = frames()
    here = TrainFrames(cache, "crop", SIZE, areas)
    there = WholeFrames(cache, DeviceAugmentation("crop", SIZE, areas))
    for seed in range(20):
        (image, mask), (same_image, same_mask) = here[seed, 0], there.parts((seed, 0))
        turned = not torch.equal(mask == 255, same_mask == 255) or (mask != same_mask).float().mean() > 0.5
        if turned:
            image, mask = image.flip(-1), mask.flip(-1)
        assert (mask != same_mask).float().mean() < 0.1
        assert (image.float() - same_image.float()).abs().mean() < 4


def test_beside_the_frame_is_void_and_the_image_repeats_its_edge():
    cache = frames()
    augmentation = build_augmentation("crop", SIZE, (3.9, 4.0))
    for seed in range(10):
        augmentation.set_random_seed(seed)
        out = augmentation(image=cache.images[0], mask=cache.masks[0])
        inside = out["mask"] != 255
        assert 0.2 < inside.mean() < 0.3
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        assert inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        above = out["image"][: rows[0]].astype(int)
        assert np.ptp(above, axis=0).max() <= 1 if len(above) else rows[0] == 0


def test_depth_beside_the_frame_is_unknown():
    augmentation = DeviceAugmentation("crop", SIZE, (3.9, 4.0))
    image, mask = torch.zeros(1, 3, *FRAME), torch.zeros(1, *FRAME, dtype=torch.uint8)
    numbers = augmentation.draw(1, FRAME)[None]
    _, masks, depths = augmentation(image, mask, numbers, torch.full((1, *FRAME), 10.0))
    assert torch.equal(depths.isnan(), masks == 255)
    assert depths[~depths.isnan()].unique().numpy() == pytest.approx([25], rel=0.02)  # 60 rows in 24
    build = build_augmentation("crop", SIZE, (3.9, 4.0), depth=True)
    out = build(image=np.zeros((*FRAME, 3), np.uint8), mask=mask[0].numpy(), depth=np.full(FRAME, 10, np.float32))
    assert np.array_equal(np.isnan(out["depth"]), out["mask"] == 255)
    assert set(np.unique(out["mask"])) == {0, 255}


def test_a_box_holds_the_rare_pixel_anywhere_in_itself():
    mask = np.full(FRAME, 255, np.uint8)
    mask[50, 7] = 2
    rare = Rare(1.0, np.ones(4))
    for areas in ((0.1, 0.3), (0.25, 4.0)):
        crops = Crops(SIZE, areas, rare)
        boxes = [crops.draw(np.random.default_rng(seed), FRAME, FRAME, mask) for seed in range(500)]
        top, left, height, width = np.array(boxes).T
        assert ((top <= 50) & (top + height > 50) & (left <= 7) & (left + width > 7)).all()
        for start, length, side in ((top, height, FRAME[0]), (left, width, FRAME[1])):
            assert ((start >= 0) & (start + length <= side))[length <= side].all()
            assert ((start <= 0) & (start + length >= side))[length > side].all()
    small = np.array(
        [Crops(SIZE, (0.1, 0.1), rare).draw(np.random.default_rng(i), FRAME, FRAME, mask) for i in range(500)]
    )
    assert set(small[:, 1]) >= set(range(8))  # left: each place from the frame's edge to the pixel


def test_classes_are_drawn_by_the_root_of_their_rarity():
    """Pixels 1 : 4 : 16 in the split are drawn 4 : 2 : 1 in a frame that has all three, and 2 : 1 where two are."""
    rare = rare_pixels(0.5, np.array([[100, 400, 0, 0], [0, 0, 1600, 0]]))
    assert rare is not None
    mask = np.full((30, 30), 255, np.uint8)
    mask[:10], mask[10:20], mask[25:] = 0, 1, 2
    for shown, expected in (([0, 1, 2], [4 / 7, 2 / 7, 1 / 7]), ([1, 2], [2 / 3, 1 / 3])):
        known = np.where(np.isin(mask, shown), mask, 255).astype(np.uint8)
        pixels = [rare.pixel(np.random.default_rng(seed), known) for seed in range(4000)]
        drawn = [known[pixel] for pixel in pixels if pixel]
        assert len(drawn) / 4000 == pytest.approx(0.5, abs=0.03)
        shares = [drawn.count(index) / len(drawn) for index in shown]
        assert shares == pytest.approx(expected, abs=0.04)
    assert len({pixel for pixel in pixels if pixel}) > 400  # any pixel of the class


def test_a_frame_without_labels_is_cropped_anywhere():
    rare = Rare(1.0, np.ones(4))
    void = np.full(FRAME, 255, np.uint8)
    assert rare.pixel(np.random.default_rng(0), void) is None
    assert rare_pixels(0.0, np.ones((2, 4), np.int64)) is None
    nothing = rare_pixels(0.5, np.zeros((2, 4), np.int64))
    assert nothing is not None
    assert nothing.pixel(np.random.default_rng(0), np.zeros(FRAME, np.uint8)) is None


def test_rare_crops_in_both_ways_of_the_loader():
    """Every crop shows the class of four pixels, unless the class of all others is drawn, as one crop in 35 is."""
    cache = frames(4)
    cache.masks[:] = 0
    for index, (row, column) in enumerate([(2, 3), (40, 70), (58, 1), (30, 30)]):
        cache.masks[index, row : row + 2, column : column + 2] = 3
    cache = replace(cache, counts=np.array([[FRAME[0] * FRAME[1] - 4, 0, 0, 4]] * 4))
    settings: dict[str, Any] = {"augment": "crop", "size": FRAME, "crop_min": 0.2, "crop_max": 0.5, "batch_size": 2}
    shown = []
    for where in ("loader", "device"):
        frames_of = train_loader(cache, **settings, seed=1, rare_crops=1.0, augment_on=where).dataset
        assert isinstance(frames_of, TrainFrames | WholeFrames)
        parts = [frames_of.parts((seed, index)) for seed in range(40) for index in range(4)]
        shown.append(np.array([(mask == 3).sum() for _, mask in parts]))
        assert (shown[-1] > 0).mean() == pytest.approx(34 / 35, abs=0.03)
    assert ((shown[0] > 0) == (shown[1] > 0)).all()
