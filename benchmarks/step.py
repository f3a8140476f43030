"""One training step of our UNet-ResNet50 beside fastai's `unet_learner` model and `smp.Unet` on the same backbone.

    python -m benchmarks.step [--quick]

Both sides take the same batch, loss (torch's cross-entropy with void ignored) and optimiser (AdamW), run in one
process, alternating; the figure is the median. fp32 is what fastai runs on a CPU whatever it is told (its `to_bf16`
does nothing there); there all use the default memory layout. bf16 is autocast with channels_last for both sides.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import TypedDict

import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F
from fastai.vision.learner import create_unet_model
from torch import nn
from torchvision.models import resnet50

from models import build_model

NUM_CLASSES = 11


class Result(TypedDict):
    """One line of the table: times in `unit`, ratio = theirs / ours (above 1: ours is faster)."""

    name: str
    ours: float
    theirs: float
    ratio: float
    unit: str


def training_step(model: nn.Module, images: torch.Tensor, target: torch.Tensor, bf16: bool) -> Callable[[], None]:
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


def alternate(ours: Callable[[], None], theirs: Callable[[], None], repeats: int) -> tuple[float, float]:
    """Median seconds of each, after one warm-up, called in turn `repeats` times."""
    ours()
    theirs()
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for run, times in zip((ours, theirs), seconds, strict=True):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def fastai_unet(size: tuple[int, int]) -> nn.Module:
    """The model that `unet_learner(dls, resnet50)` trains: DynamicUnet, for images of `size` (H, W)."""
    model: nn.Module = create_unet_model(resnet50, NUM_CLASSES, size, pretrained=False)
    return model


def smp_unet(size: tuple[int, int]) -> nn.Module:
    """`smp.Unet` with a ResNet50; `size` plays no part."""
    model: nn.Module = smp.Unet("resnet50", encoder_weights=None, classes=NUM_CLASSES)
    return model


def benchmark_steps(
    size: tuple[int, int] = (192, 256), batch_size: int = 4, repeats: int = 9, device: str | None = None
) -> list[Result]:
    """Training-step times against fastai (fp32) and smp (fp32 and bf16); the slow fastai side runs a third as often."""
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(batch_size, 3, *size, generator=generator).to(device)
    target = torch.randint(0, NUM_CLASSES, (batch_size, *size), generator=generator).to(device)
    rivals = (
        ("fastai unet_learner", fastai_unet, False, max(1, repeats // 3)),
        ("smp.Unet", smp_unet, False, repeats),
        ("smp.Unet", smp_unet, True, repeats),
    )
    results = []
    for name, build, bf16, count in rivals:
        ours = training_step(build_model("unet", NUM_CLASSES, "resnet50"), images, target, bf16)
        theirs = training_step(build(size), images, target, bf16)
        a, b = alternate(ours, theirs, count)
        precision = "bf16" if bf16 else "fp32"
        label = f"training step, UNet-ResNet50 vs {name}, {precision}, {batch_size}x{size[0]}x{size[1]}, {device}"
        results.append(Result(name=label, ours=a * 1e3, theirs=b * 1e3, ratio=b / a, unit="ms"))
    return results


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Training-step time of our UNet against fastai and smp")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and smaller images: a check that it runs")
    quick = parser.parse_args().quick
    results = benchmark_steps((64, 96), 2, 3) if quick else benchmark_steps()
    for row in results:
        print(f"{row['name']:<78} {row['ours']:>9.1f} {row['theirs']:>9.1f} {row['unit']}  x{row['ratio']:.2f}")


if __name__ == "__main__":
    main()
