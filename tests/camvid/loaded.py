"""What the tests of the cache and the loaders share."""

from typing import Any

from camvid.loaders import SeededOrder, train_loader

SIZE = (32, 64)


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
