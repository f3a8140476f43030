"""Training batches. They depend on the seed only, not on the number of workers or the epoch at which a run resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from camvid.augmented import TrainFrames, WholeFrames
from camvid.crops import rare_pixels
from camvid.joined import TrainingFrames
from camvid.on_device import DeviceAugmentation
from camvid.plan import plan_loading
from camvid.resident import FrameIndices, ResidentFrames, room_on


class SeededOrder(Sampler[tuple[int, int]]):
    """Shuffled (seed, index) pairs: a pure function of the run's seed and of the attribute `epoch`.

    Each of `count` processes takes every count-th pair, and all take equally many. So at any moment they together have
    taken the pairs that a single process would have taken.
    """

    def __init__(self, length: int, seed: int, rank: int = 0, count: int = 1):
        self.length, self.seed, self.rank, self.count, self.epoch = length, seed, rank, count, 0

    def __len__(self) -> int:
        return self.length // self.count

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rng = np.random.default_rng((self.seed, self.epoch))
        seeds = rng.integers(2**31, size=self.length).tolist()
        pairs = list(zip(seeds, rng.permutation(self.length).tolist(), strict=True))
        return iter(pairs[self.rank : len(self) * self.count : self.count])


class TrainLoader(DataLoader[tuple[Tensor, ...]]):
    """`finish` makes a batch of what is loaded, on the device. It is None if the loader has augmented the batch."""

    finish: Callable[..., tuple[Tensor, ...]] | None = None


def train_loader(
    frames: TrainingFrames,
    *,
    augment: str,
    size: tuple[int, int],
    crop_min: float,
    crop_max: float,
    batch_size: int,
    seed: int,
    workers: int = -1,
    device: str = "cpu",
    share: tuple[int, int] = (0, 1),
    augment_on: str = "auto",
    gpu_cache: float = 0.25,
    rare_crops: float = 0.0,
) -> TrainLoader:
    """Shuffled, augmented training batches: images (N, 3, h, w) uint8 and masks (N, h, w) uint8.

    If the frames bring depth, a batch has it as a third part: (N, h, w) float32, canonical metres for `frames.focal`,
    NaN where it is unknown.

    If the device augments, a batch has whole frames and the numbers of their augmentation, for the loader's `finish`.
    If the frames lie on the device, it has their indices in place of them.

    Args:
        frames: from the cache, or decoded as they are needed.
        augment: augmentation policy, see `camvid.transforms`.
        size: height and width of a training image.
        crop_min, crop_max: smallest and largest share of a frame's area that a crop shows, see `camvid.crops`.
        batch_size: frames in a batch, over all processes together. The last batch is dropped if it is smaller.
        seed: the run's seed.
        workers: number of loader processes; -1 chooses it. For the CPU that is none, because they slow the network
            down, or one if frames must be decoded. For a GPU it is up to 8, or one for each core if frames must be
            decoded, and no more than the shared memory has room for.
        device: cpu or cuda.
        share: rank of this process, and number of processes; each gets an equal part of each batch.
        augment_on: loader, device, or auto. auto takes the device if it is a GPU that knows the policy.
        gpu_cache: share of the free memory of the GPU. Decoded frames that need no more lie there, and are augmented
            there, without loader processes.
        rare_crops: probability that a crop has to show a pixel of a class that is drawn by its rarity, see
            `camvid.crops.rare_pixels`.

    Raises:
        ValueError: as `camvid.plan.plan_loading`.
    """
    settings: dict[str, Any] = {
        "augment": augment,
        "augment_on": augment_on,
        "batch_size": batch_size,
        "workers": workers,
    }
    plan = plan_loading(
        len(frames),
        size,
        frames.size,
        device=device,
        count=share[1],
        streamed=bool(frames.cost),
        depth=frames.depth is not None,
        room=room_on(device, gpu_cache),
        **settings,
    )
    order = SeededOrder(len(frames), seed, *share)
    augmentation = augment, size, (crop_min, crop_max), rare_pixels(rare_crops, frames.counts)
    if plan.resident:
        return resident_loader(frames, DeviceAugmentation(*augmentation), order, plan.share, device)
    finish = DeviceAugmentation(*augmentation) if plan.on_device else None
    loader = TrainLoader(
        WholeFrames(frames, finish) if finish else TrainFrames(frames, *augmentation),
        batch_size=plan.share,
        sampler=order,
        num_workers=plan.workers,
        persistent_workers=plan.workers > 0,
        pin_memory=device == "cuda",
        drop_last=True,
    )
    loader.finish = finish
    return loader


def resident_loader(
    frames: TrainingFrames, augmentation: DeviceAugmentation, order: SeededOrder, batch_size: int, device: str
) -> TrainLoader:
    """The batches of `train_loader` when the device augments, from frames that are put on the device once.

    The small tensors of a batch are pinned, so that their copy to a GPU does not wait.

    Args:
        frames: from the cache; the device has room for them.
        augmentation: what the frames go through on the device.
        order: which frames come when, and the seeds of their augmentation.
        batch_size: frames in a batch of this process.
        device: cpu or cuda.
    """
    dataset, pinned = FrameIndices(frames, augmentation), device == "cuda"
    loader = TrainLoader(dataset, batch_size=batch_size, sampler=order, pin_memory=pinned, drop_last=True)
    loader.finish = ResidentFrames(frames, augmentation, device)
    return loader
