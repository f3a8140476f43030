"""The augmentation policies none, flip, crop and color for whole batches, on the network's device.

Loader processes cannot crop and colour 480x360 frames as fast as a GPU consumes them. So they only read the frames and
draw the random numbers, and the device does the rest. The geometry is that of the policies in `camvid.transforms`:
half-pixel centres, bilinear images, masks from the nearest pixel (exact, in whole numbers). The colours differ: their
order is fixed, and the hue turns about the grey axis (in YIQ). So one matrix for each image does all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from camvid.crops import Crops, Rare
from camvid.labels import Mask
from camvid.taxonomy import IGNORE_INDEX
from camvid.transforms import WHOLE

POLICIES = ("none", "flip", "crop", "color")
GREY = (0.299, 0.587, 0.114)
TO_YIQ = (GREY, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
PLAIN = (1.0, 1.0, 1.0, 0.0)  # brightness, contrast, saturation, hue (in turns) that change nothing


@dataclass(frozen=True)
class DeviceAugmentation:
    """Draws the numbers of an augmentation (`draw`), and applies the numbers of a batch (`__call__`).

    Attributes:
        policy: one of POLICIES.
        size: height and width of the augmented images, in pixels.
        crops: smallest and largest share of the frame's area that a random crop shows, see `camvid.crops`.
        rare: chooses pixels that crops have to show.
    """

    policy: str
    size: tuple[int, int]
    crops: tuple[float, float]
    rare: Rare | None = None

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            known = ", ".join(POLICIES)
            raise ValueError(
                f"augment={self.policy!r} runs only in the loader: take augment_on=loader, or one of {known}"
            )

    def draw(
        self, seed: int, frame: tuple[int, int], picture: tuple[int, int] | None = None, mask: Mask | None = None
    ) -> Tensor:
        """The numbers for one frame: top, left, height, width, flipped, and four of colour.

        Args:
            seed: seed of the frame's augmentation.
            frame: height and width of the frame.
            picture: height and width of the picture; the frame lies at its top left. By default the frame fills it.
            mask: (H, W) of the picture, void beside the frame; it is needed, and only read, if rare pixels are
                chosen.
        """
        rng, level, picture = np.random.default_rng(seed), POLICIES.index(self.policy), picture or frame
        crops = Crops(self.size, self.crops, self.rare)
        box = (0, 0, *picture) if self.policy in WHOLE else crops.draw(rng, frame, picture, mask)
        flipped = level >= POLICIES.index("flip") and rng.random() < 0.5
        jitter = level >= POLICIES.index("color") and rng.random() < 0.8
        colors = (*rng.uniform(0.7, 1.3, 3), rng.uniform(-0.03, 0.03)) if jitter else PLAIN
        return torch.tensor([*box, flipped, *colors], dtype=torch.float32)  # (9,)

    def __call__(
        self, images: Tensor, masks: Tensor, numbers: Tensor, depths: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Augments a batch on its device.

        Args:
            images: (N, 3, H, W) uint8.
            masks: (N, H, W) uint8.
            numbers: (N, 9) from `draw`.
            depths: (N, H, W) float, canonical metres; None if depth is not learned.

        Returns:
            Images (N, 3, h, w) float in [0, 255], masks (N, h, w) uint8, and depths (N, h, w) if there are any. What a
            crop enlarges has a smaller canonical depth; see `camvid.depth.training`.
        """
        top, left, height, width, flipped = (column[:, None] for column in numbers[:, :5].long().unbind(1))
        down = torch.arange(self.size[0], device=images.device)[None]
        across = torch.arange(self.size[1], device=images.device)[None]
        across = torch.where(flipped > 0, self.size[1] - 1 - across, across)  # (N, w)
        rows = top + (2 * down + 1) * height // (2 * self.size[0])  # (N, h)
        columns = left + (2 * across + 1) * width // (2 * self.size[1])
        batch = torch.arange(len(masks), device=masks.device)[:, None, None]
        last_row, last_column = masks.shape[1] - 1, masks.shape[2] - 1
        nearest = batch, rows.clamp(0, last_row)[:, :, None], columns.clamp(0, last_column)[:, None, :]
        beyond = ((rows < 0) | (rows > last_row))[:, :, None] | ((columns < 0) | (columns > last_column))[:, None, :]
        y = _between(down, top, height, self.size[0]) / images.shape[2]
        x = _between(across, left, width, self.size[1]) / images.shape[3]
        shape = (len(masks), *self.size)
        grid = torch.stack((x[:, None, :].expand(shape), y[:, :, None].expand(shape)), -1) * 2 - 1  # (N, h, w, 2)
        sampled = functional.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)
        pair = (
            (_color(sampled, numbers[:, 5:].float()) if self.policy == "color" else sampled),
            masks[nearest].masked_fill(beyond, IGNORE_INDEX),
        )
        if depths is None:
            return pair
        zoom = torch.sqrt(self.size[0] * self.size[1] / (height * width).to(depths.dtype))  # (N, 1)
        return *pair, depths[nearest].masked_fill(beyond, math.nan) / zoom[:, :, None]


def _between(position: Tensor, start: Tensor, length: Tensor, size: int) -> Tensor:
    """Where a pixel of the output lies in the frame: in pixels from the frame's edge, and within the crop."""
    where = start + (position + 0.5) * length / size
    return torch.clamp(where, start + 0.5, start + length - 0.5)


@lru_cache
def _constants(device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Grey (1, 3), identity, RGB to YIQ and back (3, 3); made once, because each copy to a GPU waits for it."""
    to_yiq = torch.tensor(TO_YIQ)
    matrices = torch.tensor([GREY]), torch.eye(3), to_yiq, torch.linalg.inv(to_yiq)
    grey, identity, there, back = (matrix.to(device) for matrix in matrices)
    return grey, identity, there, back


def _color(images: Tensor, colors: Tensor) -> Tensor:
    """Brightness, contrast about the mean grey, saturation and hue, in this order; images (N, 3, h, w) in [0, 255]."""
    brightness, contrast, saturation, hue = (column[:, None, None] for column in colors.unbind(1))
    grey, identity, to_yiq, from_yiq = _constants(images.device)
    mean = brightness[:, :, 0] * (images.mean((2, 3)) @ grey.T)  # (N, 1)
    saturate = saturation * identity + (1 - saturation) * grey.expand(3, 3)  # (N, 3, 3)
    turn = torch.zeros(len(images), 3, 3, device=images.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = torch.cos(math.tau * hue[:, 0, 0])
    turn[:, 2, 1] = torch.sin(math.tau * hue[:, 0, 0])
    turn[:, 1, 2] = -turn[:, 2, 1]
    matrix = from_yiq @ turn @ to_yiq @ saturate  # keeps greys, so the contrast's offset passes through
    offset = (1 - contrast[:, :, 0]) * mean  # (N, 1)
    colored = torch.einsum("nij,njhw->nihw", brightness * contrast * matrix, images)
    return (colored + offset[:, :, None, None]).clamp(0, 255)
