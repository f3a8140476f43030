"""The frames of a training as data sets: augmented here, or with the numbers by which the device augments them."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from camvid.crops import Rare
from camvid.joined import TrainingFrames
from camvid.labels import Mask
from camvid.on_device import DeviceAugmentation
from camvid.transforms import WHOLE, build_augmentation, zoom


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
