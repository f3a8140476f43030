"""Synthetic response surfaces that imitate hyper-parameter sweeps of a segmentation training.

None of these numbers was measured on a real training: shapes and sizes of the effects are made up to be typical. Each
landscape is a sweep's `parameters` and a function from a run's arguments to its score in [0, 1] without noise, higher
is better, or None for a run that fails.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Arguments = Mapping[str, Any]

LOG_LR = {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1}
LOG_DECAY = {"distribution": "log_uniform_values", "min": 1e-6, "max": 1e-1}
BACKBONES = {
    "resnet18": 0.60,
    "resnet34": 0.63,
    "resnet50": 0.66,
    "vgg16_bn": 0.61,
    "vgg19_bn": 0.62,
    "mobilenetv2_100": 0.57,
    "mobilenetv3_small_050": 0.45,
    "mobilenetv3_large_100": 0.58,
}
LOSSES = {"ce": 0.0, "focal": -0.02, "dice": -0.01, "ce+dice": 0.04}


@dataclass(frozen=True)
class Landscape:
    """One synthetic sweep."""

    name: str
    parameters: dict[str, Any]
    score: Callable[[Arguments], float | None]
    noise: float


def _hill(x: float, centre: float, width: float) -> float:
    return math.exp(-(((x - centre) / width) ** 2))


def segmentation(args: Arguments) -> float:
    """Eight parameters; the best learning rate depends on backbone and batch size, too high a rate diverges."""
    lr, decay = math.log10(args["lr"]), math.log10(args["weight_decay"])
    best_lr = -3.0 + 0.5 * math.log10(args["batch_size"] / 8) - 0.4 * args["backbone"].startswith("vgg")
    score: float = BACKBONES[args["backbone"]] + LOSSES[args["loss"]]
    score += 0.03 * args["crp"] + 0.02 * (args["fit"] == "one_cycle") + 0.08 * (args["resize_factor"] - 0.5)
    score *= 0.25 + 0.75 * _hill(lr, best_lr, 1.1)
    return 0.1 if lr > best_lr + 1.5 else score + 0.04 * _hill(decay, -2.5, 1.5)


def smooth(args: Arguments) -> float:
    """Five continuous parameters with a ridge: lr / (1 - momentum) matters more than either."""
    effective = math.log10(args["lr"] / (1 - args["momentum"]))
    score: float = 0.7 * _hill(effective, -1.8, 0.9) * (0.6 + 0.4 * _hill(args["dropout"], 0.15, 0.3))
    return score + 0.1 * _hill(math.log10(args["weight_decay"]), -3.0, 1.2) + 0.05 * _hill(args["warmup"], 3, 4)


def categorical(args: Arguments) -> float:
    """Mostly choices with one interaction: a decoder that suits only some backbones."""
    score: float = BACKBONES[args["backbone"]] + LOSSES[args["loss"]]
    score += {"unet": 0.0, "deeplabv3plus": 0.03, "fpn": -0.01, "segformer": -0.05}[args["decoder"]]
    score += 0.05 * (args["decoder"] == "deeplabv3plus" and args["backbone"].startswith("resnet"))
    score += {"none": -0.06, "flip": 0.0, "flip+colour": 0.02, "strong": 0.03}[args["augmentation"]]
    return score - 0.06 * abs(math.log10(args["lr"]) + 3.2)


def failing(args: Arguments) -> float | None:
    """Large images with large batches run out of memory: about a third of the space fails, next to the best part."""
    memory = args["batch_size"] * args["resize_factor"] ** 2
    if memory > 6:
        return None
    score: float = 0.45 + 0.25 * args["resize_factor"] + 0.004 * args["batch_size"]
    return score * (0.3 + 0.7 * _hill(math.log10(args["lr"]), -3.2, 0.9))


def narrow(args: Arguments) -> float:
    """One narrow peak in the learning rate; the other five parameters do next to nothing."""
    score: float = 0.35 + 0.35 * _hill(math.log10(args["lr"]), -2.4, 0.45)
    score += 0.01 * args["dropout"] + 0.005 * args["crp"] + 0.01 * (args["loss"] == "ce")
    return score


CHOICE = {"backbone": {"values": list(BACKBONES)}, "loss": {"values": list(LOSSES)}}
LANDSCAPES = [
    Landscape(
        "segmentation",
        {
            **CHOICE,
            "lr": LOG_LR,
            "weight_decay": LOG_DECAY,
            "batch_size": {"values": [4, 8, 16]},
            "resize_factor": {"values": [0.25, 0.5, 0.75]},
            "crp": {"values": [True, False]},
            "fit": {"values": ["one_cycle", "fine_tune"]},
        },
        segmentation,
        noise=0.01,
    ),
    Landscape(
        "smooth",
        {
            "lr": LOG_LR,
            "weight_decay": LOG_DECAY,
            "momentum": {"min": 0.5, "max": 0.99},
            "dropout": {"min": 0.0, "max": 0.8},
            "warmup": {"min": 0, "max": 10},
        },
        smooth,
        noise=0.01,
    ),
    Landscape(
        "categorical",
        {
            **CHOICE,
            "lr": LOG_LR,
            "decoder": {"values": ["unet", "deeplabv3plus", "fpn", "segformer"]},
            "augmentation": {"values": ["none", "flip", "flip+colour", "strong"]},
        },
        categorical,
        noise=0.01,
    ),
    Landscape(
        "failing",
        {
            "lr": LOG_LR,
            "batch_size": {"min": 2, "max": 32},
            "resize_factor": {"distribution": "q_uniform", "min": 0.25, "max": 1.0, "q": 0.05},
        },
        failing,
        noise=0.01,
    ),
    Landscape(
        "narrow",
        {
            "lr": LOG_LR,
            "weight_decay": LOG_DECAY,
            "dropout": {"min": 0.0, "max": 0.8},
            "warmup": {"min": 0, "max": 10},
            "crp": {"values": [True, False]},
            "loss": {"values": list(LOSSES)},
        },
        narrow,
        noise=0.01,
    ),
]
