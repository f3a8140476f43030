"""Batches on the device, one ahead of the training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

Batch = tuple[Tensor, ...]


class Ahead:
    """A loader that copies the next batch to the device, and finishes it there, while the network uses the current one.

    On a GPU this uses a separate stream, and the pinned memory of the loader makes the copy asynchronous. All other
    attributes (sampler, batch size) are those of the loader.

    Args:
        loader: batches of tensors.
        device: cpu or cuda.
        finish: a function from the tensors of a batch, on the device, to images and masks; None changes nothing.
    """

    def __init__(self, loader: DataLoader[Batch], device: torch.device, finish: Callable[..., Batch] | None = None):
        self.loader, self.device, self.finish = loader, device, finish
        on_gpu = device.type == "cuda"  # one stream for all epochs, because each keeps memory of its own
        self.stream = torch.cuda.Stream(device) if on_gpu else None  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        return len(self.loader)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def __iter__(self) -> Iterator[Batch]:
        ready: tuple[Batch, torch.cuda.Event | None] | None = None
        for batch in self.loader:
            coming = self._bring(batch)
            if ready:
                yield _take(*ready)
            ready = coming
        if ready:
            yield _take(*ready)

    def _bring(self, batch: Batch) -> tuple[Batch, torch.cuda.Event | None]:
        """The batch on the device, and what to wait for before it is used."""
        with torch.cuda.stream(self.stream):  # type: ignore[arg-type]  # None is the current one
            batch = tuple(tensor.to(self.device, non_blocking=True) for tensor in batch)
            batch = self.finish(*batch) if self.finish else batch
        return batch, self.stream.record_event() if self.stream else None


def _take(batch: Batch, made: torch.cuda.Event | None) -> Batch:
    if made:
        current = torch.cuda.current_stream()
        current.wait_event(made)
        for tensor in batch:
            tensor.record_stream(current)  # its memory stays until this stream is done with it
    return batch
