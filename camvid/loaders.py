"""Training batches. They depend on the seed only, not on the number of workers or the epoch at which a run resumed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from camvid.crops import Rare, rare_pixels
from camvid.joined import TrainingFrames
from camvid.labels import Mask
from camvid.on_device import DeviceAugmentation
from camvid.plan import plan_loading
from camvid.transforms import WHOLE, build_augmentation, zoom


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


class TrainFrames(Dataset[tuple[Tensor, ...]]):
    """Augmented frames: image (3, h, w) uint8, mask (h, w) uint8, and if it is learned, canonical depth (h, w) float32.

    The seed of a frame determines its augmentation.
    """

    def __init__(
        self,
        frames: TrainingFrames,
        policy: str,
        size: tuple[int, int],
        crops: tuple[float, float],
        rare: Rare | None = None,
    ):
        self.frames, self.whole = frames, policy in WHOLE
        deep = frames.depth is not None
        self.size, self.augmentation = size, build_augmentation(policy, size, crops, deep, frames.size, rare)

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, ...]:
        seed, index = key
        self.augmentation.set_random_seed(seed)
        parts: dict[str, NDArray[Any]] = dict(zip(("image", "mask"), self.frames.read(index), strict=True))
        if self.frames.depth:
            parts["depth"] = self.frames.depth.read(index)
        height, width = self.frames.size if self.whole else self.frames.extent(index)  # a crop shows no padding
        found = self.augmentation(**{name: part[:height, :width] for name, part in parts.items()})
        pair = torch.from_numpy(found["image"]).permute(2, 0, 1), torch.from_numpy(found["mask"])
        if not self.frames.depth:
            return pair
        enlarged = zoom(found["applied_transforms"], (height, width), self.size)
        return *pair, torch.from_numpy(found["depth"]) / enlarged

    def parts(self, key: tuple[int, int]) -> tuple[Tensor, ...]:
        """What the network sees for a seed and index: image (3, h, w), mask (h, w), and depth if it is learned."""
        return self[key]


class WholeFrames(Dataset[tuple[Tensor, ...]]):
    """Frames as they are kept, (3, H, W) and (H, W) uint8, and the numbers by which the device augments them.

    If depth is learned, it comes last: canonical metres (H, W) float32.
    """

    def __init__(self, frames: TrainingFrames, augmentation: DeviceAugmentation):
        self.frames, self.augmentation = frames, augmentation

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, ...]:
        image, mask = self.frames.read(key[1])
        parts = torch.from_numpy(image).permute(2, 0, 1), torch.from_numpy(mask), self.numbers(key, mask)
        return (*parts, torch.from_numpy(self.frames.depth.read(key[1]))) if self.frames.depth else parts

    def numbers(self, key: tuple[int, int], mask: Mask) -> Tensor:
        """The numbers (9,) by which a frame with this mask is augmented."""
        seed, index = key
        return self.augmentation.draw(seed, self.frames.extent(index), self.frames.size, mask)

    def parts(self, key: tuple[int, int]) -> tuple[Tensor, ...]:
        """What the network sees for a seed and index: image (3, h, w), mask (h, w), and depth if it is learned."""
        image, *others = (part[0] for part in self.augmentation(*(part[None] for part in self[key])))
        return image.round().byte(), *others


class TrainLoader(DataLoader[tuple[Tensor, ...]]):
    """`finish` augments a batch on the device. It is None if the loader has augmented the batch."""

    finish: DeviceAugmentation | None = None


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
    rare_crops: float = 0.0,
) -> TrainLoader:
    """Shuffled, augmented training batches: images (N, 3, h, w) uint8 and masks (N, h, w) uint8.

    If the frames bring depth, a batch has it as a third part: (N, h, w) float32, canonical metres for `frames.focal`,
    NaN where it is unknown.

    If the device augments, a batch has whole frames and the numbers of their augmentation, for the loader's `finish`.

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
        **settings,
    )
    rare, areas = rare_pixels(rare_crops, frames.counts), (crop_min, crop_max)
    finish = DeviceAugmentation(augment, size, areas, rare) if plan.on_device else None
    loader = TrainLoader(
        WholeFrames(frames, finish) if finish else TrainFrames(frames, augment, size, areas, rare),
        batch_size=plan.share,
        sampler=SeededOrder(len(frames), seed, *share),
        num_workers=plan.workers,
        persistent_workers=plan.workers > 0,
        pin_memory=device == "cuda",
        drop_last=True,
    )
    loader.finish = finish
    return loader
