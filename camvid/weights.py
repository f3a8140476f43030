"""Class weights, by which a rare class counts more in the loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SCHEMES = ("none", "inverse", "median_frequency", "effective_number")
LARGEST = 10.0  # or a class of three pixels would outweigh all others


def class_weights(scheme: str, counts: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """Weights of the classes from the train split's pixel counts.

    Args:
        scheme: `none`; `inverse` frequency; `median_frequency` (Eigen and Fergus 2015: median over classes of the
            frequency, divided by the class's own, each taken over the frames that hold the class);
            `effective_number` (Cui et al. 2019, beta = 1 - 1 / mean count).
        counts: (N, C) pixels of each class in each frame of the train split.

    Returns:
        (C,) float32 with mean 1 over the classes that occur, none above 10 before the mean is taken; a class
        without pixels has weight 0. None for `none`.

    Raises:
        ValueError: the scheme is unknown, or no class has a pixel.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"class_weights={scheme!r}: allowed are {', '.join(SCHEMES)}")
    if scheme == "none":
        return None
    seen = counts.any(0)
    if not seen.any():
        raise ValueError(f"class_weights={scheme!r} needs labelled pixels and the train split has none")
    count = counts[:, seen].sum(0).astype(np.float64)
    if scheme == "inverse":
        raw = 1 / count
    elif scheme == "median_frequency":
        raw = ((counts[:, seen] > 0) * counts.sum(1, keepdims=True)).sum(0) / count  # pixels of the frames that hold it
    else:
        beta = 1 - 1 / count.mean()
        raw = (1 - beta) / (1 - beta**count)
    capped = np.minimum(raw / np.median(raw), LARGEST)
    weights = np.zeros(counts.shape[1], np.float32)
    weights[seen] = capped / capped.mean()
    return weights
