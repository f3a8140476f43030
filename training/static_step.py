"""A training step on tensors that stay the same, which can be recorded once and then repeated."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

TOLERANCE = 0.01  # relative; in bfloat16 another choice of kernels changes a gradient by less
Recorder = Callable[[Callable[[], None]], Callable[[], None]]  # from a computation to what repeats it


def capture(compute: Callable[[], None]) -> Callable[[], None]:
    """The computation as a CUDA graph. Raises RuntimeError if it cannot be captured, e.g. because it waits."""
    graph, here = torch.cuda.CUDAGraph(), torch.cuda.stream(torch.cuda.current_stream())
    with here, torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may use the GPU
        compute()
    return graph.replay


def rerun(compute: Callable[[], None]) -> Callable[[], None]:
    """The computation itself; it raises RuntimeError if it waits for the GPU, which no graph can do."""

    def run() -> None:
        with _no_waits():
            compute()

    return run


class StaticStep:
    """Forward pass, loss and gradients of a batch, from tensors that stay the same.

    Attributes:
        loss: scalar, of the last batch.
        gradients: of the last batch, in the order of the model's parameters; None for one that is frozen.
        parts: of the last batch, if the loss has parts.
    """

    def __init__(self, model: nn.Module, loss_func: Any, xb: Sequence[Tensor], yb: Sequence[Tensor]):
        self.model, self.loss_func, self.count = model, loss_func, len(xb)
        self.batch = [tensor.clone() for tensor in (*xb, *yb)]
        self.parameters = list(model.parameters())
        self.replay: Callable[[], None] = self.compute

    def takes(self, batch: Sequence[Tensor]) -> bool:
        """Whether a batch has the shapes and types of the captured one."""
        return [(one.shape, one.dtype) for one in batch] == [(one.shape, one.dtype) for one in self.batch]

    def compute(self) -> None:
        """Computes loss and gradients. No parameter may have a gradient before, and none has one afterwards."""
        loss = self.loss_func(self.model(*self.batch[: self.count]), *self.batch[self.count :])
        loss.backward()
        self.loss: Tensor = loss.detach()
        self.parts: dict[str, Tensor] = dict(getattr(self.loss_func, "parts", {}))
        self.gradients = [parameter.grad for parameter in self.parameters]
        self.give([None] * len(self.parameters))

    def run(self, batch: Sequence[Tensor]) -> Tensor:
        """The loss of a batch, a copy; the gradients wait in `gradients`."""
        for static, tensor in zip(self.batch, batch, strict=True):
            static.copy_(tensor)
        self.replay()
        if self.parts:
            self.loss_func.parts = {name: part.clone() for name, part in self.parts.items()}
        return self.loss.clone()

    def give(self, gradients: Sequence[Tensor | None]) -> None:
        """Sets the gradient of each parameter."""
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient

    def record(self, recorder: Recorder) -> None:
        """Records the step, and compares loss and gradient with those of an ordinary step. Weights do not change.

        Raises:
            RuntimeError: the step cannot be recorded, or the recorded one computes something else.
        """
        expected = self._try(rerun(self.compute))
        self.replay = recorder(self.compute)
        found = self._try(self.replay)
        if not torch.allclose(found, expected, rtol=TOLERANCE, equal_nan=True):  # Watch looks for NaN
            shown = " in place of ".join("({:.6g}, {:.6g})".format(*pair.tolist()) for pair in (found, expected))
            raise RuntimeError(f"loss and norm of the gradient are {shown}")

    def _try(self, replay: Callable[[], None]) -> Tensor:
        """Loss and norm of the gradient (2,); buffers and random generators are put back."""
        with _undone(self.model):
            replay()
        norms = [gradient.norm() for gradient in self.gradients if gradient is not None]
        return torch.stack([self.loss, torch.stack(norms).norm()]).float()


@contextmanager
def _no_waits() -> Iterator[None]:
    """In it, what waits for the GPU raises RuntimeError; before a capture, because one that fails may leave traces."""
    if not torch.cuda.is_available():
        yield
        return
    before = torch.cuda.get_sync_debug_mode()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch says that the mode does not see everything
            torch.cuda.set_sync_debug_mode("error")
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)


@contextmanager
def _undone(model: nn.Module) -> Iterator[None]:
    """Puts buffers (the statistics of batch normalisation) and random generators back afterwards."""
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        with torch.random.fork_rng([torch.cuda.current_device()] if torch.cuda.is_available() else []):
            yield
    finally:
        for buffer, before in buffers:
            buffer.copy_(before)
