"""Memory format, number format of the forward pass, and compilation, both for a GPU and for a CPU."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from fastai.callback.core import Callback
from torch import Tensor, nn


def compile_network(model: nn.Module) -> None:
    """torch.compile, in place. If compiling fails, a warning is logged and the network runs uncompiled."""
    import torch._dynamo  # takes a second

    torch._dynamo.config.suppress_errors = True
    model.compile()


class Prepare(Callback):
    """The last step of loading, on the device: images in 0 to 255 to floats in [0, 1], uint8 masks to int64.

    Depths, if there are any, stay as they are.
    """

    order = -5

    def __init__(self, channels_last: bool):
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format

    def before_fit(self) -> None:
        self.learn.model.to(memory_format=self.memory_format)

    def before_batch(self) -> None:
        image: Tensor = self.learn.xb[0]  # (N, 3, H, W) uint8 or float
        self.learn.xb = (image.to(memory_format=self.memory_format).float().div_(255),)
        masks, *depths = self.learn.yb
        self.learn.yb = (masks.long(), *depths)


class Autocast(Callback):
    """Forward pass in bfloat16 (fastai's own callback knows CUDA only). Weights, gradients and loss stay float32.

    On a CPU, depthwise convolutions stay float32 too: oneDNN has no fast bfloat16 kernels for their gradients. Measured
    with EfficientNet-Lite0 at 192x256: up to 100 times slower each, half of the step in all.
    """

    def __init__(self, device: str):
        self.device = device

    def before_fit(self) -> None:
        model = self.learn.model
        for conv in self._depthwise():
            vars(conv)["forward"] = in_float32(conv.forward)
        narrow = torch.autocast(self.device, torch.bfloat16, cache_enabled=False)  # a CUDA graph must not keep copies
        vars(model)["forward"] = narrow(model.forward)

    def after_fit(self) -> None:
        for module in [self.learn.model, *self._depthwise()]:
            vars(module).pop("forward", None)

    def _depthwise(self) -> list[nn.Conv2d]:
        convs = [module for module in self.learn.model.modules() if isinstance(module, nn.Conv2d)]
        return [conv for conv in convs if self.device == "cpu" and conv.groups == conv.in_channels > 1]


def in_float32(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The same layer in float32."""

    def run(x: Tensor) -> Tensor:
        wide = x.float()
        frugal = _keep_as_it_came(x, wide.data_ptr()) if x.requires_grad else nullcontext()
        with torch.autocast("cpu", enabled=False), frugal:
            return forward(wide).to(x.dtype)

    return run


def _keep_as_it_came(x: Tensor, copy: int) -> AbstractContextManager[object]:
    """A layer keeps its input `x` for the gradient, and not the copy in float32 at this address: half the memory."""
    version = x._version

    def keep(saved: Tensor) -> Tensor:
        if saved.data_ptr() == copy:
            return x.detach()
        return saved.to(x.dtype) if saved.shape[:2] == x.shape[:2] else saved  # the input, padded; or the weights

    def give(kept: Tensor) -> Tensor:
        assert x._version == version, "a layer has changed the input of a depthwise convolution in place"
        return kept.float()

    return torch.autograd.graph.saved_tensors_hooks(keep, give)
