"""Seeds of a run and its memory: how much it used, and advice if there is too little."""

from __future__ import annotations

import random
import resource
import sys

import numpy as np
import torch

NO_MEMORY = ("out of memory", "can't allocate memory", "ALLOC_FAILED")  # torch has a class only for some of these
NO_SHARED_MEMORY = ("shared memory", "write to file </torch_", "Bus error")


class LoaderFailed(ValueError):
    """A loader process has ended, or has too little memory for its batches; the message names a value of workers."""


class OutOfMemory(ValueError):
    """A step needs more memory than there is; the message names a batch size to try."""


def seed_everything(seed: int) -> None:
    """Seeds Python's, numpy's and torch's generators: weights, dropout and the order of frames follow from it."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (fastai draws from the global generator)
    torch.manual_seed(seed)


def peak_memory(device: str) -> float:
    """Peak memory so far, in 10^6 bytes: of this process on the CPU, of its tensors on a GPU."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that the memory of the GPU or the CPU is exhausted."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in str(error) for words in NO_MEMORY)


def loader_advice(error: BaseException, workers: int) -> str | None:
    """What to change when loader processes have failed for lack of memory; None if the error has another cause."""
    words = f"{error} {error.__cause__}"
    if workers and any(part in words for part in NO_SHARED_MEMORY):
        fix = "use --workers 0, or a larger /dev/shm (docker run --shm-size=…)"
        return f"workers={workers}: /dev/shm is too small for the batches of the loader processes; {fix}"
    if workers and "DataLoader worker" in words and ("killed by signal" in words or "exited unexpectedly" in words):
        return f"workers={workers}: a loader process has died, probably for lack of memory or /dev/shm; use --workers 0"
    return None


def own_words(error: BaseException) -> str:
    """The message of an error without what fastai puts before it, and the traceback that a loader process sends."""
    words = str(error).rpartition("`:\n\t")[2]
    return words.strip().rpartition("\n")[2].partition(": ")[2] if words.startswith("Caught ") else words


def memory_advice(batch_size: int, accumulate: int = 1, processes: int = 1) -> str:
    """What to change when a step has run out of memory.

    Args:
        batch_size: number of frames in a batch of one process.
        accumulate: number of batches in a step.
        processes: number of processes that train together.
    """
    now = f"out of memory at batch_size={batch_size * processes}"
    if batch_size == 1:
        return f"{now}; lower resize_factor, or use a smaller backbone or precision=bf16"
    smaller = next(part for part in range(batch_size // 2, 0, -1) if batch_size % part == 0)
    steps = accumulate * batch_size // smaller
    return (
        f"{now}; try batch_size={smaller * processes} accumulate={steps}, which makes the same steps with less memory"
    )
