"""Size and speed of a model, measured."""

import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eval.inference import autocast, evaluating

WARMUP = 3  # passes
WARMING = 0.5  # seconds, after which no further pass of a warm-up begins
REPEATS = 20
SECONDS = 10.0  # a slow model is measured fewer times
BESIDE = 0.5  # seconds of a measurement that is not what was asked for
MIN_REPEATS = 3


def measure_latency(
    model: nn.Module,
    size: tuple[int, int],
    *,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    batch_size: int = 4,
    seconds: float = SECONDS,
) -> dict[str, float | str]:
    """Parameters, bytes and milliseconds of a model, for the forward pass with its input already on the device.

    Args:
        model: from images (N, 3, h, w) in [0, 1] to logits; it is moved to ``device``, and its modes are restored.
        size: (h, w) of the images.
        device: where it runs.
        precision: "fp32" or "bf16" (autocast).
        batch_size: images per pass for the throughput.
        seconds: limit of each of the two measurements after the warm-up; each has at most 20 passes.

    Returns:
        ``model/parameters``; ``model/mb``, weights and buffers as stored, in 10⁶ bytes; ``model/latency_ms``, warm
        median of one image; ``model/throughput``, images/s at ``model/batch_size``; ``model/device``,
        ``model/precision``, ``model/size`` and ``model/threads`` of the measurement; and, only on a GPU,
        ``model/peak_mb``, the peak memory of a batch, with the weights.
    """
    device = torch.device(device)
    model = model.to(device)
    tensors = model.state_dict().values()
    report: dict[str, float | str] = {
        "model/parameters": sum(parameter.numel() for parameter in model.parameters()),
        "model/mb": sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 1e6,
    }
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with evaluating(model), autocast(device, precision):
        report["model/latency_ms"] = 1e3 * _median_seconds(model, _images(1, size, device), seconds)
        report["model/throughput"] = batch_size / _median_seconds(model, _images(batch_size, size, device), seconds)
    if device.type == "cuda":
        report["model/peak_mb"] = torch.cuda.max_memory_allocated(device) / 1e6
    return report | {
        "model/batch_size": batch_size,
        "model/device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "model/precision": precision,
        "model/size": f"{size[0]}x{size[1]}",
        "model/threads": torch.get_num_threads(),
    }


class Timed(NamedTuple):
    """What is timed: a model, the size (h, w) of its images, fp32 or bf16."""

    model: nn.Module
    size: tuple[int, int]
    precision: str


def time_in_turns(
    first: Timed, second: Timed, *, device: str | torch.device = "cpu", rounds: int = 7, seconds: float = 0.05
) -> tuple[list[float], list[float]]:
    """Milliseconds for one image of two models, measured in turns so that what else the machine does meets both.

    Args:
        first: one model.
        second: the other.
        device: where both run.
        rounds: turns; each gives one warm median for each model, and begins with the one that the last turn ended with.
        seconds: bound of one measurement after the warm-up; it takes three passes at least.
    """
    device = torch.device(device)
    times: tuple[list[float], list[float]] = ([], [])
    pair = [(times[0], first), (times[1], second)]
    for turn in range(rounds):
        for taken, timed in pair[:: -1 if turn % 2 else 1]:
            model = timed.model.to(device)
            with evaluating(model), autocast(device, timed.precision):
                taken.append(1e3 * _median_seconds(model, _images(1, timed.size, device), seconds))
    return times


def _images(count: int, size: tuple[int, int], device: torch.device) -> Tensor:
    images = torch.rand(count, 3, *size, device=device)
    return images.contiguous(memory_format=torch.channels_last)  # as in predict_outputs


def _median_seconds(model: Callable[[Tensor], Tensor], images: Tensor, seconds: float) -> float:
    _times(model, images, 1, WARMUP, WARMING)
    return median(_times(model, images, MIN_REPEATS, REPEATS, seconds))


def _times(model: Callable[[Tensor], Tensor], images: Tensor, least: int, most: int, seconds: float) -> list[float]:
    """Seconds of each pass, as many as there is time for."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < least or (len(times) < most and time.perf_counter() < end):
        times.append(_timed(model, images))
    return times


def _timed(model: Callable[[Tensor], Tensor], images: Tensor) -> float:
    start = time.perf_counter()
    model(images)
    if images.device.type == "cuda":
        torch.cuda.synchronize(images.device)  # kernels run behind Python's back
    return time.perf_counter() - start
