"""The batches that come from the cache."""

import pytest
import torch

from tests.camvid.loaded import SIZE, batches, cached_frames


def test_batches_are_uint8_and_repeat_with_the_seed(dataset, tmp_path):
    cache = cached_frames(dataset, "train", SIZE, tmp_path)
    first, again, other_epoch, other_seed = (
        batches(cache),
        batches(cache),
        batches(cache, epoch=1),
        batches(cache, seed=2),
    )
    image, mask = first[0]
    assert (image.dtype, mask.dtype) == (torch.uint8, torch.uint8)
    assert image.shape == (2, 3, *SIZE)
    assert mask.shape == (2, *SIZE)
    assert all(torch.equal(a, b) for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True))
    assert not torch.equal(first[0][0], other_epoch[0][0])
    assert not torch.equal(first[0][0], other_seed[0][0])


def test_workers_change_nothing(dataset, tmp_path):
    cache = cached_frames(dataset, "train", SIZE, tmp_path)
    alone, helped = batches(cache), batches(cache, workers=2)
    assert all(torch.equal(a, b) for one, two in zip(alone, helped, strict=True) for a, b in zip(one, two, strict=True))


def test_an_epoch_shows_every_frame_once(dataset, tmp_path):
    cache = cached_frames(dataset, "train", SIZE, tmp_path)
    seen = batches(cache, augment="none", size=(64, 96), batch_size=1)
    shown = sorted(image.numpy().tobytes() for image, _ in seen)
    assert shown == sorted(image.transpose(2, 0, 1)[None].tobytes() for image in cache.images)


def test_batch_larger_than_the_split_is_refused(dataset, tmp_path):
    cache = cached_frames(dataset, "train", SIZE, tmp_path)
    with pytest.raises(ValueError, match="batch_size=500 is larger than the train split"):
        batches(cache, batch_size=500)
