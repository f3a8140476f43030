"""Training frames that lie in the memory of the GPU, where batches are taken from them and augmented."""

from __future__ import annotations

import torch
from torch import Tensor

from camvid.augmented import WholeFrames
from camvid.joined import TrainingFrames
from camvid.on_device import DeviceAugmentation


def room_on(device: str, gpu_cache: float) -> int:
    """Bytes that the frames may take on the device: a share of a GPU's free memory, and nothing on a CPU."""
    return int(gpu_cache * torch.cuda.mem_get_info()[0]) if device == "cuda" else 0


class FrameIndices(WholeFrames):
    """Frames that lie on the device: a batch is their indices, and the numbers by which the device augments them."""

    def __getitems__(self, keys: list[tuple[int, int]]) -> list[tuple[Tensor, Tensor]]:
        """For `DataLoader`, in place of one call of `__getitem__` for each frame."""
        return [(torch.tensor(key[1]), self.numbers(key, self.frames.read_mask(key[1]))) for key in keys]


class ResidentFrames:
    """All frames of a training on the device, and their augmentation.

    They are sent one by one, so that the host never holds a second copy of them.

    Args:
        frames: from the cache.
        augmentation: what the frames of a batch go through.
        device: where they lie.
    """

    def __init__(self, frames: TrainingFrames, augmentation: DeviceAugmentation, device: str):
        shape = (len(frames), *frames.size)
        self.augmentation = augmentation
        self.images = torch.empty((*shape, 3), dtype=torch.uint8, device=device)  # (N, H, W, 3)
        self.masks = torch.empty(shape, dtype=torch.uint8, device=device)
        self.depths = torch.empty(shape, device=device) if frames.depth else None
        for index in range(len(frames)):
            image, mask = frames.read(index)
            self.images[index], self.masks[index] = torch.from_numpy(image), torch.from_numpy(mask)
            if frames.depth and self.depths is not None:
                self.depths[index] = torch.from_numpy(frames.depth.read(index))

    def __call__(self, indices: Tensor, numbers: Tensor) -> tuple[Tensor, ...]:
        """An augmented batch, as `DeviceAugmentation` returns it.

        Args:
            indices: (n,) int64, the frames of the batch.
            numbers: (n, 9), from `DeviceAugmentation.draw`.
        """
        images = self.images.index_select(0, indices).permute(0, 3, 1, 2)  # (n, 3, H, W)
        depths = None if self.depths is None else self.depths.index_select(0, indices)
        return self.augmentation(images, self.masks.index_select(0, indices), numbers, depths)
