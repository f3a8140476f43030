"""Frames of several sizes in one data set."""

import numpy as np
import pytest
from PIL import Image

from camvid.layouts import open_dataset
from camvid.loaders import SeededOrder, train_loader
from camvid.taxonomy import load_taxonomy
from tests.camvid.loaded import cached_frames

SHAPES = [(96, 128), (128, 96), (96, 128), (201, 64), (48, 160)]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Frames of several shapes without void: a square of road, as large as the frame allows, in the middle of sky."""
    root = tmp_path_factory.mktemp("mixed")
    for number, (height, width) in enumerate(SHAPES):
        mask = np.zeros((height, width), np.uint8)
        half = min(height, width) // 3
        mask[height // 2 - half : height // 2 + half, width // 2 - half : width // 2 + half] = 3
        image = np.stack([mask * 60] * 3, 2) + np.array([20, 40, 60], np.uint8)
        for split in ("train", "val"):
            for folder, picture in ((split, image), (f"{split}annot", mask)):
                (root / folder).mkdir(exist_ok=True)
                Image.fromarray(picture).save(root / folder / f"{split}{number}_000000.png")
    (root / "codes.txt").write_text("\n".join((*load_taxonomy("camvid11").names, "Void")))
    return open_dataset(root)


def test_frames_of_several_shapes_keep_their_aspect_and_what_is_beside_them_is_void(mixed, tmp_path):
    cache = cached_frames(mixed, "train", (64, 64), tmp_path)
    assert cache.masks.shape == (5, 96, 128)  # the shape of most, not above twice the training size
    assert cache.extents == [(96, 128), (96, 72), (96, 128), (96, 31), (38, 128)]
    for index, (own, (height, width)) in enumerate(zip(SHAPES, cache.extents, strict=True)):
        assert width / height == pytest.approx(own[1] / own[0], rel=0.03)
        mask = cache.masks[index]
        assert (mask[height:] == 255).all()
        assert (mask[:, width:] == 255).all()
        rows, columns = (mask == 3).nonzero()
        assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=1)  # still a square
        assert cache.counts[index].sum() == height * width  # the padding is no class
        assert np.array_equal(cache.images[index][:, -1], cache.images[index][:, width - 1])
    image, mask = mixed.read(mixed.splits["train"][2])
    assert np.array_equal(cache.images[2], image)
    assert np.array_equal(cache.masks[2], mask)
    assert cached_frames(mixed, "train", (64, 64), tmp_path).extents == cache.extents  # found again


@pytest.mark.parametrize("where", ["loader", "device"])
def test_a_crop_shows_no_padding_and_a_whole_frame_does(mixed, tmp_path, where):
    cache = cached_frames(mixed, "train", (64, 64), tmp_path)

    def masks(augment):
        settings = {"augment": augment, "size": (64, 96), "crop_min": 0.1, "crop_max": 1.0, "seed": 1}
        loader = train_loader(cache, **settings, batch_size=1, augment_on=where)
        assert isinstance(loader.sampler, SeededOrder)
        for epoch in range(20):
            loader.sampler.epoch = epoch
            for batch in loader:
                yield (loader.finish(*batch) if loader.finish else batch)[1]

    assert not any((mask == 255).any() for mask in masks("crop"))
    assert sum((mask == 255).any().item() for mask in masks("flip")) == 20 * 3


def test_several_sizes_are_said_in_one_line_and_one_size_is_not(mixed, dataset):
    assert mixed.remarks("train") == (
        f"{mixed.root}: the train frames have 4 sizes (2 of 128x96, 1 of 96x128, 1 of 64x201, …): for training, each "
        "is fitted into 128x96, its aspect is kept, and the rest is void; each is scored at its own size\n"
    )
    assert dataset.remarks("train") == ""
