"""One training step of our UNet-ResNet50 beside fastai's `unet_learner` and `smp.Unet` on the same backbone.

    python -m benchmarks.step

Both sides take the same batch, loss (torch's cross-entropy, void ignored) and optimiser (fused AdamW), no pretrained
weights, and run in one process, alternating; the figure is the median. fp32 is torch's default memory layout, which is
how a fastai Learner trains on a CPU (its `to_bf16` does nothing there); bf16 is autocast with channels_last on both
sides. `python -m benchmarks.gpu` times the same step on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F
from fastai.vision.learner import create_unet_model
from torch import Tensor, nn
from torchvision.models import resnet50

from benchmarks.timing import Result, compare
from models import build_model
from training.precision import Autocast

NUM_CLASSES = 11
SIZE = (192, 256)
Step = Callable[[], None]
Loss = Callable[[Tensor, Tensor], Tensor]
CROSS_ENTROPY: Loss = partial(F.cross_entropy, ignore_index=255)


def benchmark_steps() -> list[Result]:
    """The rows of the table: fastai at batch 2 and twice only, since its step takes half a minute on two cores."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return [
        compare_steps("fastai unet_learner", fastai_unet, device, bf16=False, batch_size=2, rounds=2),
        compare_steps("smp.Unet", smp_unet, device, bf16=False, batch_size=4, rounds=9),
        compare_steps("smp.Unet", smp_unet, device, bf16=True, batch_size=4, rounds=9),
    ]


def compare_steps(
    rival: str,
    build: Callable[[], nn.Module],
    device: torch.device,
    *,
    bf16: bool,
    batch_size: int,
    rounds: int,
    size: tuple[int, int] = SIZE,
) -> Result:
    """One row: the step of our UNet-ResNet50 beside that of the model that `build` makes."""
    batch = draw_batch(batch_size, size, NUM_CLASSES, device)
    ours = waiting(
        training_step(build_model("unet", NUM_CLASSES, "resnet50"), *batch, bf16, channels_last=bf16), device
    )
    theirs = waiting(training_step(build(), *batch, bf16, channels_last=bf16), device)
    theirs()  # its first step makes the optimiser's state; `compare` warms up ours
    precision = "bf16" if bf16 else "fp32"
    name = f"training step, UNet-ResNet50 vs {rival}, {precision}, {batch_size}x{size[0]}x{size[1]}, {device}"
    return compare(name, ours, theirs, rounds)


def draw_batch(batch_size: int, size: tuple[int, int], num_classes: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Random images (N, 3, H, W) in [0, 1] and random classes (N, H, W), the same each time, on the device."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(batch_size, 3, *size, generator=generator)
    target = torch.randint(0, num_classes, (batch_size, *size), generator=generator)
    return images.to(device), target.to(device)


def training_step(
    model: nn.Module,
    images: Tensor,
    target: Tensor,
    bf16: bool,
    *,
    channels_last: bool = True,
    loss: Loss = CROSS_ENTROPY,
) -> Step:
    """A function that runs one step: forward, loss, backward, fused AdamW. It does not wait for a GPU.

    Args:
        model: in training mode afterwards, on the device of the images.
        images: (N, 3, H, W) in [0, 1].
        target: (N, H, W) int64.
        bf16: autocast, as a training does it.
        channels_last: memory format.
        loss: of logits (N, C, H, W) and target.
    """
    device, layout = images.device, torch.channels_last if channels_last else torch.contiguous_format
    model = model.to(device).to(memory_format=layout).train()
    images = images.to(memory_format=layout)
    if bf16:
        autocast = Autocast(device.type)
        autocast.learn = SimpleNamespace(model=model)
        autocast.before_fit()
    graph = device.type == "cuda"  # the step can be captured: the optimiser counts its steps on the device
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True, capturable=graph)

    def step() -> None:
        torch.autograd.backward(loss(model(images).float(), target))
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    return step


def waiting(step: Step, device: torch.device) -> Step:
    """The step, and the wait until a GPU has done it."""

    def run() -> None:
        step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return run


def captured(step: Step) -> Step:
    """The step as a CUDA graph: all its kernels are launched at once. See `torch.cuda.graphs`.

    It warms up on a stream of its own, as a capture needs it. Call it before the step has run on another one.
    """
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def fastai_unet(size: tuple[int, int] = SIZE, num_classes: int = NUM_CLASSES) -> nn.Module:
    """The model that `unet_learner(dls, resnet50)` trains on images of `size` (H, W): a DynamicUnet."""
    model: nn.Module = create_unet_model(resnet50, num_classes, size, pretrained=False)
    return model


def smp_unet(num_classes: int = NUM_CLASSES) -> nn.Module:
    """`smp.Unet` with a ResNet50."""
    model: nn.Module = smp.Unet("resnet50", encoder_weights=None, classes=num_classes)
    return model


if __name__ == "__main__":
    for row in benchmark_steps():
        print(f"{row['name']:<86}{row['ours']:>10.1f}{row['theirs']:>10.1f}{row['unit']:>5}{row['ratio']:>8.2f}")
