"""Images per second of bare training steps, a line of JSON for each. A part of `benchmarks.gpu`.

    python -m benchmarks.gpu_rates SETTINGS HEIGHT WIDTH CLASSES ROW …

SETTINGS is a YAML file of all settings of a training. A row is a name in `BUILDERS`, or name-captured. All networks
take the same batch, which stays on the device, the training's loss, its number and memory format, and fused AdamW. The
process ends at the first error, after which CUDA may be unusable.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from benchmarks.step import Step, captured, draw_batch, fastai_unet, smp_unet, training_step, waiting
from commands.device import resolve_device, resolve_precision
from commands.tasks import NETWORK, training_loss
from configs import TrainConfig
from configs.load import read_yaml
from models import build_model
from training.machine import seed_everything

BLOCKS, LEAST, BLOCK_SECONDS, SECONDS = 7, 3, 0.5, 6.0
CAPTURED = "-captured"
Size = tuple[int, int]
Build = Callable[[TrainConfig, Size, int], nn.Module]


def _ours(config: TrainConfig, size: Size, classes: int) -> nn.Module:
    return build_model(num_classes=classes, **config.pick(*NETWORK) | {"weights": "none"})


def _resnet(config: TrainConfig, size: Size, classes: int) -> nn.Module:
    return build_model("unet", classes, "resnet50")


BUILDERS: dict[str, Build] = {
    "ours": _ours,
    "resnet50": _resnet,
    "smp": lambda _, size, classes: smp_unet(classes),
    "fastai": lambda _, size, classes: fastai_unet(size, classes),
}


def rate(row: str, config: TrainConfig, size: Size, classes: int) -> dict[str, float | None]:
    """Images per second, milliseconds a step, and the peak of a GPU's memory in 10^9 bytes."""
    device = torch.device(resolve_device(config.device))
    seed_everything(config.seed)
    batch = draw_batch(config.batch_size, size, classes, device)
    bf16 = resolve_precision(config.precision, device.type) == "bf16"
    loss = training_loss(config).to(device)
    network = BUILDERS[row.removesuffix(CAPTURED)](config, size, classes)
    step = training_step(network, *batch, bf16, loss=loss, channels_last=config.channels_last)
    seconds = seconds_a_step(captured(step) if row.endswith(CAPTURED) else step, device)
    peak = torch.cuda.max_memory_reserved() / 1e9 if device.type == "cuda" else None  # of a graph, too
    return {"images_per_second": config.batch_size / seconds, "milliseconds": 1e3 * seconds, "gigabytes": peak}


def seconds_a_step(step: Step, device: torch.device) -> float:
    """Median of several blocks of steps after a warm-up; a block is a step, or more if a step is short."""
    for _ in range(3 if device.type == "cuda" else 1):
        waiting(step, device)()
    steps = max(1, round(BLOCK_SECONDS / _block(step, 1, device)))
    started, blocks = time.perf_counter(), [_block(step, steps, device)]
    while len(blocks) < BLOCKS and (len(blocks) < LEAST or time.perf_counter() - started < SECONDS):
        blocks.append(_block(step, steps, device))
    return statistics.median(blocks)


def _block(step: Step, steps: int, device: torch.device) -> float:
    """Seconds of one of these steps."""
    started = time.perf_counter()
    for _ in range(steps - 1):
        step()
    waiting(step, device)()
    return (time.perf_counter() - started) / steps


def main() -> None:
    """Print a line for each row."""
    settings, height, width, classes, *names = sys.argv[1:]
    config = TrainConfig.from_dict(read_yaml(Path(settings)))
    for name in names:
        if config.device == "cuda":
            gc.collect()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        figures = rate(name, config, (int(height), int(width)), int(classes))
        print(json.dumps({"row": name, **figures}), flush=True)


if __name__ == "__main__":
    main()
