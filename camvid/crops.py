"""Which part of a frame a training image shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camvid.labels import Mask
from camvid.stats import count_pixels

Box = tuple[int, int, int, int]  # top, left, height, width; it may reach beyond the frame


@dataclass(frozen=True)
class Rare:
    """Chooses a pixel that a crop has to show, so that rare classes are seen more often.

    Attributes:
        chance: probability that a crop has to show such a pixel.
        weights: (C,) of the classes. Of the classes in a frame, one is drawn with a probability proportional to its
            weight, and then one of its pixels, each with the same probability.
    """

    chance: float
    weights: NDArray[np.float64]

    def pixel(self, rng: np.random.Generator, mask: Mask) -> tuple[int, int] | None:
        """Row and column of a pixel of a mask (H, W). None if the crop is free, or if no pixel has a class."""
        if rng.random() >= self.chance:
            return None
        weights = self.weights * (count_pixels(mask)[: len(self.weights)] > 0)
        if not weights.any():
            return None
        index = rng.choice(len(weights), p=weights / weights.sum())
        places = np.flatnonzero(mask == index)
        row, column = divmod(int(rng.choice(places)), mask.shape[1])
        return row, column


def rare_pixels(chance: float, counts: NDArray[np.int64]) -> Rare | None:
    """The choice by the rarity of classes; None if the chance is 0.

    A class has the weight f ** -0.5, where f is its share of the labelled pixels of the split. So a class with a
    hundredth of the pixels of another one is drawn ten times as often, in frames that have both.

    Args:
        chance: see `Rare`.
        counts: (N, C) pixels of each class in each frame of the train split.
    """
    pixels = counts.sum(0).astype(np.float64)
    return Rare(chance, np.where(pixels > 0, np.maximum(pixels, 1) ** -0.5, 0)) if chance else None


@dataclass(frozen=True)
class Crops:
    """Draws boxes of random area, and nearly the aspect of the training image.

    Attributes:
        size: height and width of the training image.
        areas: smallest and largest share of the frame's area. Between them, the area is uniform, if a box has to lie
            within the frame. If the largest share is above 1, a box may reach beyond the frame. The frame is then shown
            smaller, with void beside it. The scale at which it is shown, area ** -0.5, is uniform, as in the usual
            recipes: the areas 0.25 to 4 are the scales 2 to 0.5.
        rare: chooses a pixel that the box must hold; None for boxes anywhere.
    """

    size: tuple[int, int]
    areas: tuple[float, float]
    rare: Rare | None = None

    def draw(
        self, rng: np.random.Generator, frame: tuple[int, int], picture: tuple[int, int], mask: Mask | None = None
    ) -> Box:
        """A box in a frame, uniform among all places. One beyond an edge of the frame holds the frame's whole side.

        If none of ten fits, it is the largest one in the middle that has the picture's aspect, whatever the pixel.

        Args:
            rng: gives the random numbers.
            frame: height and width of the frame.
            picture: height and width of the picture in which the frame lies.
            mask: (H, W) of the frame; it is needed, and only read, if rare pixels are chosen.
        """
        assert mask is not None or not self.rare
        pixel = None if mask is None or not self.rare else self.rare.pixel(rng, mask)
        for _ in range(10):
            height, width = self._extent(rng, frame)
            if self.areas[1] > 1 or (height <= frame[0] and width <= frame[1]):
                return _place(rng, frame, (height, width), pixel)
        height, width = fitted_size(picture, frame, frame)
        return (frame[0] - height) // 2, (frame[1] - width) // 2, height, width

    def _extent(self, rng: np.random.Generator, frame: tuple[int, int]) -> tuple[int, int]:
        """Height and width of a box."""
        aspect = self.size[1] / self.size[0]
        low, high = self.areas
        share = rng.uniform(low, high) if high <= 1 else rng.uniform(high**-0.5, low**-0.5) ** -2
        area = share * frame[0] * frame[1]
        ratio = math.exp(rng.uniform(math.log(0.85 * aspect), math.log(aspect / 0.85)))
        return max(1, round(math.sqrt(area / ratio))), max(1, round(math.sqrt(area * ratio)))


def _place(
    rng: np.random.Generator, frame: tuple[int, int], box: tuple[int, int], pixel: tuple[int, int] | None
) -> Box:
    """A box of this height and width, uniform among the places that are allowed and hold the pixel."""
    room = np.subtract(frame, box)  # below 0 where the box is larger
    low, high = np.minimum(room, 0), np.maximum(room, 0)
    if pixel:
        low, high = np.maximum(low, np.subtract(pixel, box) + 1), np.minimum(high, pixel)
    top, left = rng.integers(low, high + 1).tolist()
    return top, left, *box


def fitted_size(frame: tuple[int, int], whole: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a frame that is fitted into a picture of `size`. Frames of shape `whole` fill the picture.

    The frame is as large as possible and keeps its aspect. If the picture is squeezed compared with `whole`, the frame
    is squeezed in the same way.
    """
    scale = min(whole[0] / frame[0], whole[1] / frame[1])
    height, width = (max(1, round(frame[i] * scale * size[i] / whole[i])) for i in range(2))
    return height, width
