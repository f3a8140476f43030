"""Seeds of a run, and the memory that it took."""

from __future__ import annotations

import random
import resource
import sys

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seeds Python's, numpy's and torch's generators: weights, dropout and the order of frames follow from it."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (fastai draws from the global generator)
    torch.manual_seed(seed)


def peak_memory(device: str) -> float:
    """Most memory taken so far, in 10^6 bytes: of this process on the CPU, of its tensors on a GPU."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
