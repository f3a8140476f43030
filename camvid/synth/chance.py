"""Random choices."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def pick(rng: np.random.Generator, options: Sequence[T], odds: Sequence[float] | None = None) -> T:
    """One of the options; `odds` are their weights, equal ones if left out."""
    if odds is None:
        return options[int(rng.integers(len(options)))]
    weights = np.array(odds, np.float64)
    return options[int(rng.choice(len(options), p=weights / weights.sum()))]
