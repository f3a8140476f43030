"""Resizing and augmentation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camvid.transforms import POLICIES, build_augmentation, resize_image, resize_mask, scaled_size


@given(st.integers(1, 4000), st.integers(1, 4000), st.floats(0.01, 2))
def test_scaled_size_is_a_multiple_of_32_and_close(height, width, factor):
    for own, scaled in zip((height, width), scaled_size((height, width), factor), strict=True):
        assert scaled % 32 == 0
        assert scaled >= 32
        assert abs(scaled - own * factor) <= 16 or scaled == 32


def test_camvid_sizes():
    assert scaled_size((360, 480), 0.533) == (192, 256)
    assert scaled_size((360, 480), 0.711) == (256, 352)
    assert scaled_size((720, 960), 0.5) == (352, 480)


def pair(height=60, width=80):
    """The image's red channel repeats the mask, so that any misalignment shows."""
    mask = np.arange(height * width, dtype=np.uint8).reshape(height, width) // 64 * 20
    return np.stack([mask, 255 - mask, np.full_like(mask, 7)], -1), mask


@pytest.mark.parametrize("policy", POLICIES)
def test_policy_gives_the_size_asked_for_and_invents_no_class(policy):
    augmentation = build_augmentation(policy, (32, 64), crops=(0.3, 1.0))
    image, mask = pair()
    for seed in range(5):
        augmentation.set_random_seed(seed)
        out = augmentation(image=image, mask=mask)
        assert out["image"].shape == (32, 64, 3)
        assert out["image"].dtype == np.uint8
        assert out["mask"].shape == (32, 64)
        assert set(np.unique(out["mask"])) <= set(np.unique(mask))


@pytest.mark.parametrize("policy", ["flip", "crop"])
def test_image_and_mask_move_together(policy):
    augmentation = build_augmentation(policy, (60, 80), crops=(0.5, 1.0))
    block = np.kron(np.random.default_rng(0).integers(0, 11, (3, 4)), np.ones((20, 20), int)).astype(np.uint8) * 20
    image = np.repeat(block[..., None], 3, axis=-1)
    changed = 0
    for seed in range(8):
        augmentation.set_random_seed(seed)
        out = augmentation(image=image, mask=block)
        changed += not np.array_equal(out["mask"], block)
        assert np.mean(out["image"][..., 0] == out["mask"]) > 0.85  # but for blended block edges
    assert changed >= 3


def test_seed_decides_the_augmentation():
    augmentation = build_augmentation("weather", (32, 32))
    image, mask = pair()

    def draw(seed):
        augmentation.set_random_seed(seed)
        return augmentation(image=image, mask=mask)["image"]

    assert np.array_equal(draw(3), draw(3))
    assert not np.array_equal(draw(3), draw(4))


def test_resizing_keeps_labels_and_mean():
    image, mask = pair()
    assert set(np.unique(resize_mask(mask, (30, 41)))) <= set(np.unique(mask))
    assert abs(resize_image(image, (30, 40)).mean() - image.mean()) < 1
    assert resize_image(image, (60, 80)) is image


def test_unknown_policy_lists_the_choices():
    with pytest.raises(ValueError, match="augment='storm': allowed are none, flip, crop, color, weather"):
        build_augmentation("storm", (32, 32))


@pytest.mark.parametrize("policy", ["none", "crop"])
@pytest.mark.parametrize("size", [(96, 128), (128, 160), (256, 352)])
def test_mask_stays_where_the_image_is(policy, size):
    """Image and mask hold the column of each source pixel; after the transform they agree to a fraction of a pixel."""
    columns = np.tile(np.arange(240, dtype=np.uint8), (180, 1))
    offsets = []
    for seed in range(20):
        transform = build_augmentation(policy, size)
        transform.set_random_seed(seed)
        pair = transform(image=np.stack([columns] * 3, axis=-1), mask=columns)
        image, mask = (pair[key].astype(float)[8:-8, 8:-8] for key in ("image", "mask"))
        flipped = pair["mask"][0, 0] > pair["mask"][0, -1]
        offsets.append((mask - image[..., 0]).mean() * (-1 if flipped else 1))
    assert abs(np.mean(offsets)) < 0.12


@pytest.mark.parametrize("size", [(90, 120), (96, 128), (256, 352)])
def test_resized_mask_stays_where_the_image_is(size):
    columns = np.tile(np.arange(240, dtype=np.uint8), (180, 1))
    image = resize_image(np.stack([columns] * 3, axis=-1), size)[..., 0].astype(float)
    offset = resize_mask(columns, size).astype(float) - image
    assert abs(offset[8:-8, 8:-8].mean()) < 0.3
