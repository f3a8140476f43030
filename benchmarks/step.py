"""One training step of our UNet-ResNet50 beside fastai's `unet_learner` and `smp.Unet` on the same backbone.

    python -m benchmarks.step

Both sides take the same batch, loss (torch's cross-entropy, void ignored) and optimiser (AdamW), no pretrained weights,
and run in one process, alternating; the figure is the median. fp32 is torch's default memory layout, which is how a
fastai Learner trains on a CPU (its `to_bf16` does nothing there); bf16 is autocast with channels_last on both sides.
"""

from __future__ import annotations

from collections.abc import Callable

import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F
from fastai.vision.learner import create_unet_model
from torch import Tensor, nn
from torchvision.models import resnet50

from benchmarks.timing import Result, compare
from models import build_model

NUM_CLASSES = 11
SIZE = (192, 256)


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
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(batch_size, 3, *size, generator=generator).to(device)
    target = torch.randint(0, NUM_CLASSES, (batch_size, *size), generator=generator).to(device)
    ours = training_step(build_model("unet", NUM_CLASSES, "resnet50"), images, target, bf16)
    theirs = training_step(build(), images, target, bf16)
    theirs()  # its first step makes the optimiser's state; `compare` warms up ours
    precision = "bf16" if bf16 else "fp32"
    name = f"training step, UNet-ResNet50 vs {rival}, {precision}, {batch_size}x{size[0]}x{size[1]}, {device}"
    return compare(name, ours, theirs, rounds)


def training_step(model: nn.Module, images: Tensor, target: Tensor, bf16: bool) -> Callable[[], None]:
    """A function that runs one step: forward, cross-entropy, backward, AdamW; bf16 also means channels_last."""
    device = images.device
    layout = torch.channels_last if bf16 else torch.contiguous_format
    model = model.to(device).to(memory_format=layout).train()
    images = images.to(memory_format=layout)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            logits = model(images)
        loss = F.cross_entropy(logits.float(), target, ignore_index=255)
        torch.autograd.backward(loss)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return step


def fastai_unet(size: tuple[int, int] = SIZE) -> nn.Module:
    """The model that `unet_learner(dls, resnet50)` trains on images of `size` (H, W): a DynamicUnet."""
    model: nn.Module = create_unet_model(resnet50, NUM_CLASSES, size, pretrained=False)
    return model


def smp_unet() -> nn.Module:
    """`smp.Unet` with a ResNet50."""
    model: nn.Module = smp.Unet("resnet50", encoder_weights=None, classes=NUM_CLASSES)
    return model


if __name__ == "__main__":
    for row in benchmark_steps():
        print(f"{row['name']:<86}{row['ours']:>10.1f}{row['theirs']:>10.1f}{row['unit']:>5}{row['ratio']:>8.2f}")
