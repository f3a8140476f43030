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
