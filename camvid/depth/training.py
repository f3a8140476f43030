"""Depth of the frames of a training, as its network learns it.

A network sees pixels, and not the camera. So it learns canonical depth: metres as if every image had been taken with
one focal length. An image of the focal length f has the canonical depth metres * focal / f. A crop that is enlarged s
times has the focal length s * f: zoom changes the focal length, and not the metres. Source: Yin et al., "Metric3D:
Towards Zero-shot Metric 3D Prediction from A Single Image", ICCV 2023.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camvid.depth.source import Depth


@dataclass(frozen=True)
class TrainingDepth:
    """Depth of the frames of a split as they are kept.

    Attributes:
        focal: the focal length of canonical depth, in pixels of a training image.
        focals: (N,) float64, focal lengths of the frames in pixels of their pictures; NaN for a frame without depth.
        metres: from the index of a frame to its depth (H, W) float16 in metres, NaN where it is unknown.
    """

    focal: float
    focals: NDArray[np.float64]
    metres: Callable[[int], NDArray[np.float16]]

    def read(self, index: int) -> Depth:
        """Canonical depth (H, W) of a frame as it is kept; a crop that is enlarged s times has this, divided by s."""
        return self.metres(index).astype(np.float32) * np.float32(self.focal / self.focals[index])


class WithDepth:
    """Frames of a training that may have depth."""

    depth: TrainingDepth | None

    @property
    def focal(self) -> float:
        """The focal length of canonical depth, in pixels of a training image. NaN if depth is not learned."""
        return self.depth.focal if self.depth else math.nan


@dataclass(frozen=True)
class _Joined:
    """The maps of a data set, of which there may be none, and after them those of a second one."""

    first: TrainingDepth | None
    length: int
    size: tuple[int, int]
    second: TrainingDepth

    def __call__(self, index: int) -> NDArray[np.float16]:
        if index >= self.length:
            return self.second.metres(index - self.length)
        return self.first.metres(index) if self.first else np.full(self.size, np.nan, np.float16)


def join_depth(first: TrainingDepth | None, length: int, size: tuple[int, int], second: TrainingDepth) -> TrainingDepth:
    """The depth of two data sets, canonical for the median of all their focal lengths.

    Args:
        first: the depth of the first data set; None if it has none.
        length: number of frames of the first data set.
        size: height and width of a picture.
        second: the depth of the second data set, in pictures of the same size.
    """
    own = first.focals if first else np.full(length, np.nan)
    focals = np.concatenate([own, second.focals])
    zoom = second.focal / np.nanmedian(second.focals)  # from a picture to a training image
    return TrainingDepth(float(np.nanmedian(focals) * zoom), focals, _Joined(first, length, size, second))
