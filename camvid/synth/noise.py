"""Random textures: smooth where clouds and stains need it, drawn from a generator that the caller seeds."""

import cv2
import numpy as np
from numpy.typing import NDArray

Texture = NDArray[np.float32]


def fractal(
    rng: np.random.Generator, size: tuple[int, int], coarsest: int, octaves: int, fade: float = 0.55
) -> Texture:
    """Noise (H, W) with mean 0 and standard deviation 1: a sum of random grids, the first `coarsest` cells high.

    Each octave has twice as many cells as the one before and weighs `fade` times as much.
    """
    height, width = size
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        cells = coarsest * 2**octave
        grid = rng.standard_normal((cells, max(cells * width // height, 2)), dtype=np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(fade**octave)
    return np.asarray((total - total.mean()) / (total.std() + 1e-6), np.float32)
