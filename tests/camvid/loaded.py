"""What the tests of the cache and the loaders share."""

from typing import Any

from camvid.cache import FrameCache
from camvid.frames import training_frames
from camvid.loaders import SeededOrder, train_loader

SIZE = (32, 64)


def cached_frames(dataset, split, train_size, folder, **settings) -> FrameCache:
    """The training's frames, which the cache has room for."""
    frames = training_frames(dataset, split, train_size, folder, **settings)
    assert isinstance(frames, FrameCache)
    return frames


def batches(cache, epoch=0, **changes):
    settings: dict[str, Any] = {
        "augment": "color",
        "size": SIZE,
        "crop_min": 0.3,
        "crop_max": 1.0,
        "batch_size": 2,
        "seed": 1,
        "workers": 0,
    } | changes
    loader = train_loader(cache, **settings)
    assert isinstance(loader.sampler, SeededOrder)
    loader.sampler.epoch = epoch
    return list(loader)
